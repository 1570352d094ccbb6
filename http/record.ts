/** The last stage: one record of what was decided about a request, refusals included. */

import type { Exchange } from "./exchange.ts";
import { traceIdOf } from "./spans.ts";

/** What was decided, free of tokens, arguments and free text of strangers. Times in milliseconds. */
export interface Decision {
  readonly time: string;
  readonly requestId: string;
  readonly traceId?: string;
  readonly peer: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly status: number;
  readonly decision: "allow" | "deny" | "fail";
  /** The tagged cause of a refusal or failure, or `ok`. */
  readonly reason: string;
  readonly era?: string;
  readonly rpcMethod?: string;
  readonly tool?: string;
  readonly issuer?: string;
  readonly kind?: string;
  readonly subject?: string;
  readonly clientId?: string;
  readonly durationMs: number;
}

/** Takes each record; it must not throw. */
export type DecisionSink = (decision: Decision) => void;

export function decisionOf(
  exchange: Exchange,
  outcome: { readonly status: number; readonly reason: string },
): Decision {
  const { request, url, message, tool, principal } = exchange;
  const { status, reason } = outcome;
  const traceId = traceIdOf(exchange);
  return {
    time: exchange.startedAt.toISOString(),
    requestId: exchange.id,
    ...(traceId !== undefined && { traceId }),
    peer: exchange.peer,
    httpMethod: request.method.slice(0, 16),
    path: (url?.pathname ?? "").slice(0, 128),
    status,
    decision: status >= 500 ? "fail" : status >= 400 ? "deny" : "allow",
    reason,
    ...(message && { era: message.era, rpcMethod: message.method }),
    ...(message?.toolName !== undefined && { tool: tool?.name ?? "unknown" }),
    ...(principal && {
      issuer: principal.issuer,
      kind: principal.kind,
      subject: principal.subject,
      clientId: principal.clientId,
    }),
    durationMs: Math.round((performance.now() - exchange.startedAtMs) * 1000) / 1000,
  };
}
