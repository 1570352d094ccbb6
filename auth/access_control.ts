/** Revokes and restores on behalf of a person: checks what is asked for, bounds it in time, and tells how far it reached. */

import { AppError } from "../errors.ts";
import type {
  NewRevocation,
  Revocation,
  RevocationStore,
  RevocationTarget,
} from "../store/revocation.ts";
import { MAX_REASON_LENGTH, targetValue } from "../store/revocation.ts";
import type { RevocationList } from "./revocation.ts";
import { recordedRestoring } from "./revocation_audit.ts";
import type { RevocationAudit } from "./revocation_audit.ts";

/** What a person asks for; how long it has to be remembered follows from the issuer. */
export interface RevocationRequest
  extends Pick<NewRevocation, "target" | "reason" | "actor" | "issuedUntil"> {
  /** NumericDate of the token, as somebody says it: it can make the revocation last longer, and never shorter. */
  readonly tokenExpiresAt?: number;
  /** Of a client that is about to be removed: shut out for as long as what it got so far could be good for. */
  readonly untilTokensExpire?: true;
}

/** A change of the list, with how many of the running instances enforce it. */
export interface Enforcement {
  readonly revocation: Revocation;
  readonly instances: number;
  readonly confirmed: number;
}

export interface AccessControl {
  /** The issuers whose tokens this server takes. */
  readonly issuers: readonly string[];
  /**
   * Resolves once every running instance enforces it, or after some seconds.
   *
   * @throws {AppError} `invalid_input` for a target, reason or time that makes no sense; `unavailable` as the store does.
   */
  revoke(request: RevocationRequest): Promise<Enforcement>;
  /** Throws `not_found` where nothing of this id is in force. */
  restore(id: string, actor: string): Promise<Enforcement>;
  /** Newest first. */
  list(): Promise<readonly Revocation[]>;
}

/** How long what an issuer issued can be good for. Durations in seconds. */
export interface IssuerTerms {
  readonly issuer: string;
  readonly maxLifetime: number;
  readonly clockTolerance: number;
  /** How long a grant can bring forth new tokens here, where this server keeps the issuer's grants too. */
  readonly grantLifetime?: number;
}

export interface AccessControlOptions {
  readonly terms: readonly IssuerTerms[];
  readonly store: RevocationStore;
  /** This instance's list, where there is one, so that it enforces the change at once. */
  readonly list?: Pick<RevocationList, "add" | "remove" | "list">;
  /** Told before access comes back; `store` or `list` tell it of what ends (revocation_audit.ts). */
  readonly audit?: RevocationAudit;
  readonly now: () => Date;
  /** How long to wait for the instances, in milliseconds. */
  readonly waitMs?: number;
}

/** An instance that was silent for longer is taken for gone. */
const ALIVE_MS = 10_000;
const LOOK_AGAIN_MS = 100;
const CLOCK_SKEW_SECONDS = 60;
/** The longest that a token lives by hearsay; what is said to live longer takes room for as long as this. */
const LONGEST_BELIEVED_SECONDS = 90 * 86_400;
/** What can stand in a claim (claims.ts). */
const IDENTIFIER = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u;
const ONE_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u;

export function createAccessControl(options: AccessControlOptions): AccessControl {
  const { store, now, waitMs = 5_000 } = options;
  const terms = new Map(options.terms.map((item) => [item.issuer, item]));
  const issuers = [...terms.keys()];
  const changes = options.list ?? store;

  async function enforced(revocation: Revocation): Promise<Enforcement> {
    // Nothing is newer than this; what comes back is the revision that holds the change.
    const { revision } = await store.changesSince(Number.MAX_SAFE_INTEGER);
    const deadline = performance.now() + waitMs;
    while (true) {
      const alive = await store.instances(ALIVE_MS);
      const confirmed = alive.filter((instance) => instance.revision >= revision).length;
      if (confirmed === alive.length || performance.now() >= deadline) {
        return { revocation, instances: alive.length, confirmed };
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  function termsOf({ issuer }: RevocationTarget): IssuerTerms {
    const found = terms.get(issuer);
    if (found) return found;
    throw invalid(
      `This server takes no tokens of ${issuer}; its issuers are ${issuers.join(", ")}`,
    );
  }

  return {
    issuers,
    async revoke(request) {
      const seconds = Math.floor(now().getTime() / 1000);
      checkRequest(request, seconds);
      const { target, reason, actor, issuedUntil } = request;
      const expiresAt = expiryOf(request, termsOf(target), seconds);
      return await enforced(
        await changes.add({
          target,
          reason,
          actor,
          ...(issuedUntil !== undefined && { issuedUntil }),
          ...(expiresAt !== undefined && { expiresAt }),
        }),
      );
    },
    async restore(id, actor) {
      await store.find(id);
      const remove = () => changes.remove(id);
      return await enforced(
        options.audit
          ? await recordedRestoring(options.audit, { id, actor, now, remove })
          : await remove(),
      );
    },
    async list() {
      const time = now().getTime();
      return (await changes.list()).filter(({ expiresAt = Infinity }) => time < expiresAt);
    },
  };
}

/** When everything that is ended has expired, in milliseconds since the epoch; undefined for what stays shut out. */
export function expiryOf(
  { target, issuedUntil, tokenExpiresAt = 0, untilTokensExpire }: RevocationRequest,
  { maxLifetime, clockTolerance, grantLifetime = 0 }: IssuerTerms,
  now: number,
): number | undefined {
  if (target.kind === "token") {
    // An issuer's clock may be ahead, and a token may be accepted for a little longer than it says.
    const atMost = now + clockTolerance + maxLifetime;
    const said = Math.min(tokenExpiresAt, now + LONGEST_BELIEVED_SECONDS);
    return (Math.max(said, atMost) + clockTolerance) * 1000;
  }
  const until = issuedUntil ?? (untilTokensExpire ? now + clockTolerance : undefined);
  if (until === undefined) return undefined;
  return (until + Math.max(maxLifetime, grantLifetime) + clockTolerance) * 1000;
}

function checkRequest({ target, reason, issuedUntil }: RevocationRequest, now: number): void {
  if (target.kind !== "issuer" && !IDENTIFIER.test(targetValue(target))) {
    throw invalid(`The ${target.kind} must have 1 to 256 printable characters`);
  }
  if (reason.trim() === "" || reason.length > MAX_REASON_LENGTH || !ONE_LINE.test(reason)) {
    throw invalid(`Give a reason of 1 to ${MAX_REASON_LENGTH} printable characters on one line`);
  }
  if (target.kind === "issuer" && issuedUntil === undefined) {
    throw invalid("Everything of an issuer is revoked up to a time only; give that time");
  }
  if (target.kind === "token" && issuedUntil !== undefined) {
    throw invalid("A token is revoked as a whole; leave out the time");
  }
  if (issuedUntil !== undefined && !(issuedUntil >= 0 && issuedUntil <= now + CLOCK_SKEW_SECONDS)) {
    throw invalid("The time up to which tokens are revoked must not lie in the future");
  }
}

function invalid(message: string): AppError {
  return new AppError("invalid_input", message, { reason: "revocation" });
}
