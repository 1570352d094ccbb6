/** The last stage: one audit event of what was decided about a request, refusals included. */

import type { Principal } from "../auth/principal.ts";
import type {
  AuditEvent,
  AuditInput,
  AuditLog,
  AuditPrincipal,
  JsonValue,
} from "../store/audit.ts";
import type { Tool } from "../tools/registry.ts";
import type { UpstreamCall } from "../upstream/mod.ts";
import type { Exchange } from "./exchange.ts";
import { traceIdOf } from "./spans.ts";

/** What the last stage needs of the audit log. */
export type Recorder = Pick<AuditLog, "fingerprint" | "record" | "writable">;

/** How the request ended on the wire. */
export interface Ending {
  readonly status: number;
  /** The tagged cause of a refusal, `ok`, or `protocol`. */
  readonly reason: string;
}

/** Describes the decision, free of tokens, arguments and free text of strangers. */
export function eventOf(
  exchange: Exchange,
  { status, reason }: Ending,
  fingerprint: Recorder["fingerprint"],
): AuditEvent {
  const { request, url, message, tool, principal, result } = exchange;
  const traceId = traceIdOf(exchange);
  return {
    event: nameOf(exchange, status),
    time: exchange.startedAt.toISOString(),
    decision: status >= 500 ? "fail" : status >= 400 ? "deny" : result?.decision ?? "allow",
    reason,
    request: {
      id: exchange.id,
      ...(traceId !== undefined && { traceId }),
      peer: exchange.peer,
      httpMethod: request.method.slice(0, 16),
      path: (url?.pathname ?? "").slice(0, 128),
      ...(message && { era: message.era, rpcMethod: message.method }),
    },
    ...(exchange.holder && { principal: principalOf(exchange.holder, fingerprint) }),
    ...(message?.toolName !== undefined && {
      tool: { name: tool?.name ?? "unknown", effect: tool?.effect ?? "none" },
      input: inputOf(message.params?.["arguments"], tool, fingerprint),
    }),
    ...(principal && tool && {
      scopes: {
        required: tool.scopes,
        granted: principal.scopes,
        missing: exchange.missingScopes ?? [],
      },
    }),
    outcome: {
      status,
      ...(result && { isError: result.isError }),
      ...(result?.bytes !== undefined && { bytes: result.bytes }),
      durationMs: Math.round((performance.now() - exchange.startedAtMs) * 1000) / 1000,
    },
    ...(exchange.upstream && { details: upstreamDetails(exchange.upstream) }),
  };
}

/** A tool may call an upstream often, and a record is read by people. */
const MAX_UPSTREAM_CALLS = 20;

/** Takes down a request to an upstream for the record of the call that made it. */
export function noteUpstream(exchange: Exchange, call: UpstreamCall): void {
  exchange.upstream ??= { calls: [], count: 0 };
  exchange.upstream.count += 1;
  if (exchange.upstream.calls.length < MAX_UPSTREAM_CALLS) exchange.upstream.calls.push(call);
}

function upstreamDetails({ calls, count }: NonNullable<Exchange["upstream"]>) {
  return {
    upstream: calls.map((call) => ({ ...call })),
    ...(count > calls.length && { upstreamOmitted: count - calls.length }),
  };
}

/** Describes a tool call that is about to have its effect. */
export function intentOf(
  exchange: Exchange,
  now: Date,
  fingerprint: Recorder["fingerprint"],
): AuditEvent {
  const { outcome: _, ...rest } = eventOf(
    exchange,
    { status: 200, reason: "intent" },
    fingerprint,
  );
  return { ...rest, event: "tool.intent", time: now.toISOString() };
}

function nameOf({ route, message }: Exchange, status: number): AuditEvent["event"] {
  if (message?.method === "tools/call") return "tool.call";
  if (message !== undefined) return "mcp.request";
  return route?.access === "public" && status < 400 ? "request.served" : "request.refused";
}

const principals = new WeakMap<Principal, AuditPrincipal>();

/** The verification cache gives the same principal again for as long as its token is known, and a MAC is dear. */
export function principalOf(
  principal: Principal,
  fingerprint: Recorder["fingerprint"],
): AuditPrincipal {
  const known = principals.get(principal);
  if (known) return known;
  const { issuer, kind, subject, clientId, tokenId } = principal;
  const described: AuditPrincipal = {
    issuer,
    kind,
    subject,
    clientId,
    ...(tokenId !== undefined && { tokenId: fingerprint(tokenId) }),
  };
  principals.set(principal, described);
  return described;
}

/** Arguments are told apart by a MAC; the values alone that their tool marks as clear can be read. */
export function inputOf(
  input: unknown,
  tool: Pick<Tool, "auditClear"> | undefined,
  fingerprint: Recorder["fingerprint"],
): AuditInput {
  const values = (input ?? {}) as JsonValue;
  const clear = tool?.auditClear.flatMap((name) => {
    const value = Object.hasOwn(values as object, name) ? (values as never)[name] : undefined;
    return isShort(value) ? [[name, value] as const] : [];
  }) ?? [];
  return {
    fingerprint: fingerprint(values),
    bytes: JSON.stringify(values).length,
    ...(clear.length > 0 && { clear: Object.fromEntries(clear) }),
  };
}

/** What a caller sends in the place of an id may be anything. */
function isShort(value: unknown): value is string | number | boolean {
  if (typeof value === "string") return value.length <= 256;
  return typeof value === "number" || typeof value === "boolean";
}
