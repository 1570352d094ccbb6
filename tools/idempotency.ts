/** Lets a call with an idempotency key run once: whoever repeats it gets what the first one came to. */

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { AppError, toAppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { principalKey } from "../auth/principal.ts";
import type { Principal } from "../auth/principal.ts";
import { comparable } from "../store/audit/record.ts";
import type { IdempotencyStore } from "../store/idempotency.ts";
import { checkOutput } from "./output.ts";
import type { Output } from "./output.ts";
import type { Tool } from "./registry.ts";

const KEPT_MS = 24 * 3_600_000;
/** UTF-16 units of JSON; a longer result is remembered as done, without what it said. */
const MAX_KEPT_LENGTH = 64 * 1024;
/** A call that has not ended so long after its deadline has lost its process, or will never end. */
const GRACE_MS = 60_000;
const POLL_MS = 100;
const WAIT_MS = 3000;

/** Refusals by which a handler says that nothing was changed, so that the same call may be tried again. */
const CHANGED_NOTHING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "insufficient_scope",
  "forbidden",
  "invalid_request",
  "invalid_input",
  "not_found",
  "conflict",
  "rate_limited",
  "not_supported",
  "confirmation_required",
  "confirmation_declined",
]);

export interface IdempotencyOptions {
  readonly store: IdempotencyStore;
  readonly now: () => Date;
  readonly log: (message: string, properties?: Record<string, unknown>) => void;
  /** How long a repeated call waits for the first one; milliseconds. */
  readonly waitMs?: number;
}

/** A call as far as it decides whether two are the same. */
export interface KeyedCall {
  readonly tool: Tool;
  readonly principal: Principal;
  readonly requestId: string;
  readonly input: unknown;
  readonly idempotencyKey: string;
}

/** The result of a call that had been made before. */
export interface Replay extends Output {
  /** When it was done, RFC 3339. */
  readonly replayedFrom: string;
}

/** One call under its key. Each of the first two throws `conflict` where the key is not good for this call now. */
export interface OnceOnly {
  /** The result of an earlier equal call, for which it waits a little; undefined where there was none. */
  find(signal: AbortSignal): Promise<Replay | undefined>;
  /** Takes the key, and returns nothing; or the result of an equal call that was quicker. */
  claim(signal: AbortSignal): Promise<Replay | undefined>;
  /** Gives a claimed key back. */
  release(): Promise<void>;
  /** Waits for the work, however long the caller does, and keeps what comes of it. */
  settle(work: Promise<Output>): Promise<Output>;
}

/** What is kept, readable to whoever repeats the call. */
interface Kept {
  /** RFC 3339. */
  readonly at: string;
  readonly state: "done" | "unknown";
  /** Absent where it was too long. */
  readonly text?: string;
}

/** Builds the function that opens a call under its key. */
export function createIdempotency(options: IdempotencyOptions): (call: KeyedCall) => OnceOnly {
  const { store, now, log, waitMs = WAIT_MS } = options;

  return (call) => {
    const { tool } = call;
    const { key, caller, input, secret } = digestsOf(call);
    const holder = randomUUID();

    async function find(signal: AbortSignal): Promise<Replay | undefined> {
      const giveUpAt = performance.now() + waitMs;
      while (true) {
        const record = await store.find(key);
        if (record === undefined) return undefined;
        if (record.input !== input) throw CONFLICTS.mismatch();
        if (record.outcome !== undefined) return replay(tool, unseal(record.outcome, secret));
        if (record.busyUntil <= now().getTime()) throw CONFLICTS.unknown();
        if (signal.aborted || performance.now() >= giveUpAt) throw CONFLICTS.inProgress();
        await setTimeout(POLL_MS, undefined, { signal }).catch(() => {});
      }
    }

    async function remember(state: Kept["state"], text?: string): Promise<void> {
      const fits = text !== undefined && text.length <= MAX_KEPT_LENGTH;
      const kept: Kept = { at: now().toISOString(), state, ...(fits && { text }) };
      await store.keep(key, holder, seal(kept, secret));
    }

    /** The effect is there, or is not, whatever becomes of the note about it: without one the outcome counts as unknown. */
    async function note(write: () => Promise<void>): Promise<void> {
      try {
        await write();
      } catch (error) {
        const about = { tool: tool.name, request_id: call.requestId, error: String(error) };
        log("the outcome of a call could not be kept under its idempotency key", about);
      }
    }

    return {
      find,
      async claim(signal) {
        const time = now().getTime();
        const busyUntil = time + tool.timeoutMs + GRACE_MS;
        const claim = { key, caller, input, holder, busyUntil, expiresAt: time + KEPT_MS };
        // A call that held the key may give it back between the two questions.
        for (let tries = 0; tries < 3; tries += 1) {
          if (await store.claim(claim)) return undefined;
          const found = await find(signal);
          if (found) return found;
        }
        throw CONFLICTS.inProgress();
      },
      release: () => note(() => store.release(key, holder)),
      async settle(work) {
        let output: Output;
        try {
          output = await work;
        } catch (error) {
          const harmless = CHANGED_NOTHING.has(toAppError(error).code);
          await note(() => harmless ? store.release(key, holder) : remember("unknown"));
          throw error;
        }
        await note(() => remember("done", output.text));
        return output;
      },
    };
  };
}

/**
 * What the store sees of a call. All are MACs under the caller, the tool and the key that the caller chose, so a reader
 * of the database who does not know that key can neither guess arguments nor read a result, which may hold a secret.
 */
function digestsOf({ tool, principal, input, idempotencyKey }: KeyedCall) {
  const caller = [principalKey(principal), principal.clientId];
  const identity = JSON.stringify([...caller, tool.name, idempotencyKey]);
  const mac = (label: string, text = "") =>
    createHmac("sha256", identity).update(`${label}\n${text}`);
  const given = comparable(input);
  return {
    key: mac("key").digest("hex"),
    caller: createHmac("sha256", JSON.stringify(caller)).update("caller").digest("hex"),
    input: mac("input", given).digest("hex"),
    secret: mac("outcome", given).digest(),
  };
}

const CIPHER = "aes-256-gcm";
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

function seal(kept: Kept, secret: Uint8Array): string {
  const iv = randomBytes(IV_LENGTH);
  const cipher = createCipheriv(CIPHER, secret, iv);
  const text = [cipher.update(JSON.stringify(kept), "utf8"), cipher.final()];
  return Buffer.concat([iv, ...text, cipher.getAuthTag()]).toString("base64");
}

function unseal(sealed: string, secret: Uint8Array): Kept {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, IV_LENGTH));
  decipher.setAuthTag(bytes.subarray(-TAG_LENGTH));
  const text = decipher.update(bytes.subarray(IV_LENGTH, -TAG_LENGTH));
  return JSON.parse(Buffer.concat([text, decipher.final()]).toString("utf8"));
}

function replay(tool: Tool, { at, state, text }: Kept): Replay {
  if (state === "unknown") throw CONFLICTS.unknown();
  if (text === undefined) throw CONFLICTS.resultGone();
  try {
    return { ...checkOutput(tool, JSON.parse(text)), replayedFrom: at };
  } catch {
    // The tool has another output schema than when it ran.
    throw CONFLICTS.resultGone();
  }
}

const CONFLICTS = {
  mismatch: () =>
    conflict(
      "idempotency_mismatch",
      "This idempotencyKey was used for a call with other arguments, so nothing was done; " +
        "use a new key for a new call, and the same arguments to repeat the old one",
    ),
  inProgress: () =>
    conflict(
      "idempotency_in_progress",
      "A call with this idempotencyKey is in progress; try again in a few seconds with the same key and arguments",
    ),
  unknown: () =>
    conflict(
      "idempotency_unknown",
      "A call with this idempotencyKey ended without an answer, and it may have had its effect or not; nothing was " +
        "done now. Look at what is there, and only if the effect is missing call again with a new key",
    ),
  resultGone: () =>
    conflict(
      "idempotency_result_gone",
      "This call was done before with the same idempotencyKey, so it was not done again; its result is not kept " +
        "any more. Read what is there instead of repeating the call",
    ),
};

function conflict(reason: string, message: string): AppError {
  return new AppError("conflict", message, { reason });
}
