/** One request on its way through the pipeline, with what each stage has learned about it. */

import type { ProtectedResource } from "../auth/metadata.ts";
import type { Principal } from "../auth/principal.ts";
import type { SubjectToken } from "../auth/subject_token.ts";
import type { RequestSpans } from "../telemetry/trace.ts";
import type { Tool } from "../tools/registry.ts";
import type { UpstreamCall } from "../upstream/mod.ts";
import type { Standing } from "./limits/headers.ts";
import type { LiveRequest } from "./live.ts";
import type { Message } from "./message.ts";
import type { Named } from "./offer.ts";
import type { Route } from "./routes.ts";

/** Starts with what the listener knows; a stage that refuses leaves the later members unset. */
export interface Exchange {
  readonly id: string;
  readonly request: Request;
  /** The caller's address: the socket's, or what a trusted proxy says of it. */
  readonly peer: string;
  readonly startedAt: Date;
  /** Milliseconds of the monotonic clock, for durations. */
  readonly startedAtMs: number;
  /** Absent where nobody takes spans. */
  readonly spans: RequestSpans | undefined;
  /** Set by admit. */
  url?: URL;
  /** Set by admit: the resource under the name that the client used. */
  resource?: ProtectedResource;
  /** Set by match. */
  route?: Route;
  /** Set by match, where the request has an allowed Origin. */
  origin?: string | undefined;
  /** Set by authenticate: whose token it is, also where it is refused all the same. */
  holder?: Principal;
  /** Set by authenticate. */
  principal?: Principal;
  /** Set by authenticate: ends the request when its caller's access ends. */
  live?: LiveRequest;
  /** Set by authenticate where some upstream is called on the caller's behalf; forgotten when the request ends. */
  subject?: SubjectToken;
  /** Set by authenticate: gives back the place of the principal's call. */
  leave?: () => void;
  /** Set by dispatch: gives back the place of a streamed answer. */
  closeStream?: () => void;
  /** Set by parse. */
  message?: Message;
  /** Set by authorize on a call of a known tool. */
  tool?: Tool;
  /** Set by authorize on a message about known resources or a prompt. */
  named?: readonly Named[];
  /** Set by authorize: how the budgets stand that the call drew on. */
  standing?: Standing;
  /** Set by authorize where the principal's scopes do not cover what the message needs. */
  missingScopes?: readonly string[];
  /** Set by execute while a tool call is under way; resolves, and is gone, when it is known what came of it. */
  execution?: Promise<void>;
  /** Set by dispatch and execute. */
  result?: Result;
  /** Set by execute: the first requests to upstreams, and how many there were. */
  upstream?: { readonly calls: UpstreamCall[]; count: number };
  /** Set where the answer is a JSON-RPC error. */
  rpcCode?: number;
}

/** What came of a message that was dispatched. */
export interface Result {
  readonly decision: "allow" | "deny" | "fail";
  /** The tagged cause of a failure, or `ok`. */
  readonly reason: string;
  readonly isError: boolean;
  /** UTF-16 units of the answer's text. */
  readonly bytes?: number;
  /** The result is that of an earlier call with the same idempotency key; nothing was done now. */
  readonly replayed?: boolean;
}

export function openExchange(
  request: Request,
  peer: string,
  now: Date,
  spans?: RequestSpans,
): Exchange {
  const startedAtMs = performance.now();
  return { id: crypto.randomUUID(), request, peer, startedAt: now, startedAtMs, spans };
}
