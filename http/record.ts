/** The last stage: one audit event of what was decided about a request, refusals included. */

import type { Principal } from "../auth/principal.ts";
import type {
  AuditEvent,
  AuditInput,
  AuditLog,
  AuditPrincipal,
  JsonValue,
} from "../store/audit.ts";
import { httpMethodLabel, methodLabel } from "../telemetry/methods.ts";
import type { Tool } from "../tools/registry.ts";
import type { UpstreamCall } from "../upstream/mod.ts";
import type { Exchange } from "./exchange.ts";
import { scopesOfNamed } from "./offer.ts";
import type { Named } from "./offer.ts";
import { traceIdOf } from "./spans.ts";

/** What the last stage needs of the audit log. */
export type Recorder = Pick<AuditLog, "fingerprint" | "record" | "writable">;

/** How the request ended on the wire. */
export interface Ending {
  readonly status: number;
  /** The tagged cause of a refusal, `ok`, or `protocol`. */
  readonly reason: string;
}

/** Nobody was there any more to be answered. */
export const GONE_STATUS = 499;

/** Describes the decision, free of tokens, arguments and free text of strangers. */
export function eventOf(
  exchange: Exchange,
  { status, reason }: Ending,
  fingerprint: Recorder["fingerprint"],
): AuditEvent {
  const { request, route, message, tool, named, principal, result } = exchange;
  const required = tool?.scopes ?? (named && scopesOfNamed(named));
  const traceId = traceIdOf(exchange);
  return {
    event: nameOf(exchange, status),
    time: exchange.startedAt.toISOString(),
    decision: decisionOf(exchange, status),
    reason,
    request: {
      id: exchange.id,
      ...(traceId !== undefined && { traceId }),
      peer: exchange.peer,
      // What a stranger puts into them may be a secret, so only our own words are taken down.
      httpMethod: httpMethodLabel(request.method),
      path: route?.path ?? "other",
      ...(message && { era: message.era, rpcMethod: methodLabel(message.method) }),
    },
    ...(exchange.holder && { principal: principalOf(exchange.holder, fingerprint) }),
    ...(message?.toolName !== undefined && {
      tool: { name: tool?.name ?? "unknown", effect: tool?.effect ?? "none" },
      input: inputOf(message.params?.["arguments"], tool, fingerprint),
    }),
    ...(named && namesOf(named)),
    ...(principal && required && {
      scopes: {
        required,
        granted: principal.scopes,
        missing: exchange.missingScopes ?? [],
      },
    }),
    outcome: {
      status,
      ...(result && { isError: result.isError }),
      ...(result?.bytes !== undefined && { bytes: result.bytes }),
      ...(result?.replayed && { replayed: true }),
      durationMs: Math.round((performance.now() - exchange.startedAtMs) * 1000) / 1000,
    },
    ...detailsOf(exchange, reason),
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

/** One is named like a tool. */
function namesOf(named: readonly Named[]): Pick<AuditEvent, "resource" | "prompt"> {
  const [{ kind, name, uri }, ...others] = named as readonly [Named, ...Named[]];
  if (others.length > 0) return {};
  if (kind === "prompt") return { prompt: { name } };
  return { resource: { name, ...(uri !== undefined && { uri }) } };
}

/** The several resources of a subscription, the requests to upstreams, and what a tool came to where something else ended it. */
function detailsOf(
  { named = [], result, upstream }: Exchange,
  reason: string,
): Pick<AuditEvent, "details"> {
  const details = {
    ...(named.length > 1 && { resources: named.map(({ uri }) => uri ?? "") }),
    ...(result && result.reason !== "ok" && result.reason !== reason && { result: result.reason }),
    ...(upstream && upstreamDetails(upstream)),
  };
  return Object.keys(details).length === 0 ? {} : { details };
}

/** A caller who left was not refused: what their tool came to is what was decided. */
function decisionOf({ result }: Exchange, status: number): AuditEvent["decision"] {
  if (status >= 500) return "fail";
  if (status >= 400 && status !== GONE_STATUS) return "deny";
  return result?.decision ?? "allow";
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
  tool: Pick<Tool, "auditClear" | "input"> | undefined,
  fingerprint: Recorder["fingerprint"],
): AuditInput {
  const values = (input ?? {}) as JsonValue;
  const clear = tool?.auditClear.flatMap((name) => {
    const value = Object.hasOwn(values as object, name) ? (values as never)[name] : undefined;
    return isShort(value) && fits(tool, name, value) ? [[name, value] as const] : [];
  }) ?? [];
  return {
    fingerprint: fingerprint(values),
    bytes: JSON.stringify(values).length,
    ...(clear.length > 0 && { clear: Object.fromEntries(clear) }),
  };
}

/** What a caller sends in the place of an id may be anything, also a secret: a value that the schema refuses is not recorded. */
function fits({ input }: Pick<Tool, "input">, name: string, value: unknown): boolean {
  return input.shape[name]?.safeParse(value).success ?? false;
}

function isShort(value: unknown): value is string | number | boolean {
  if (typeof value === "string") return value.length <= 256;
  return typeof value === "number" || typeof value === "boolean";
}
