/** One request on its way through the pipeline, with what each stage has learned about it. */

import type { ProtectedResource } from "../auth/metadata.ts";
import type { Principal } from "../auth/principal.ts";
import type { Tool } from "../tools/registry.ts";
import type { LiveRequest } from "./live.ts";
import type { Message } from "./message.ts";
import type { Route } from "./routes.ts";

/** Starts with what the listener knows; a stage that refuses leaves the later members unset. */
export interface Exchange {
  readonly id: string;
  readonly request: Request;
  /** The peer's address as the socket has it. */
  readonly peer: string;
  readonly startedAt: Date;
  /** Set by admit. */
  url?: URL;
  /** Set by admit: the resource under the name that the client used. */
  resource?: ProtectedResource;
  /** Set by match. */
  route?: Route;
  /** Set by match, where the request has an allowed Origin. */
  origin?: string | undefined;
  /** Set by authenticate. */
  principal?: Principal;
  /** Set by authenticate: ends the request when its caller's access ends. */
  live?: LiveRequest;
  /** Set by authenticate: gives back the place of the principal's call. */
  leave?: () => void;
  /** Set by parse. */
  message?: Message;
  /** Set by authorize on a call of a known tool. */
  tool?: Tool;
  /** Set by dispatch and execute: why the call failed, or `ok`. */
  toolOutcome?: string;
}

export function openExchange(request: Request, peer: string, now: Date): Exchange {
  return { id: crypto.randomUUID(), request, peer, startedAt: now };
}
