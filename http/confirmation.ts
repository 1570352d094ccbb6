/** What a person's answer to a question is good for: one call of one caller, once, for ten minutes. */

import { principalKey } from "../auth/principal.ts";
import type { Principal } from "../auth/principal.ts";
import type { ReplayStore } from "../store/replay.ts";
import type { Message } from "./message.ts";
import { isObject } from "./params.ts";

export interface ConfirmationOptions {
  /** HMAC key of at least 32 bytes; each instance that an answer may come to needs the same. */
  readonly key: Uint8Array;
  readonly replay: ReplayStore;
  readonly now: () => Date;
}

/** What the request state holds of a question, signed and readable to the client. */
export interface Asked {
  readonly id: string;
  readonly question: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities";
/** Long enough to ask somebody else first. */
export const QUESTION_TTL_SECONDS = 600;

/** Makes what is remembered of a question, which nobody has answered yet. */
export function askedFor(question: string, now: Date): Asked {
  const expiresAt = now.getTime() + QUESTION_TTL_SECONDS * 1000;
  return { id: crypto.randomUUID(), question, expiresAt };
}

/** What an answer must come back with: the same caller, the same tool, the same arguments in whatever order (R86). */
export function bindingOf(
  { principal, message }: { readonly principal: Principal; readonly message: Message },
): string {
  const input = message.params?.["arguments"] ?? {};
  const caller = [principalKey(principal), principal.clientId];
  return JSON.stringify([...caller, message.toolName, input], sortMembers);
}

/** Whether the client can put a question to its person during this call; before 2026-07-28 there is no way to. */
export function canAskPerson({ era, params }: Message): boolean {
  const meta = params?.["_meta"];
  const capabilities = isObject(meta) ? meta[CAPABILITIES_KEY] : undefined;
  const elicitation = isObject(capabilities) ? capabilities["elicitation"] : undefined;
  if (era !== "modern" || !isObject(elicitation)) return false;
  // Where no mode is named, it is forms that are meant.
  return "form" in elicitation || !("url" in elicitation);
}

/** Takes the answer to a question; false where it comes too late, or a second time. */
export async function redeem(asked: Asked, options: ConfirmationOptions): Promise<boolean> {
  if (asked.expiresAt <= options.now().getTime()) return false;
  return await options.replay.claim(`confirmation:${asked.id}`, asked.expiresAt);
}

function sortMembers(_name: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
