/** Recognises the one JSON-RPC message of a body, its protocol era, and whether its headers agree with it. */

import { faultOfParams, isObject } from "./params.ts";

/** A refusal that is answered as a JSON-RPC error with an HTTP status of its own. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly status: number;
  readonly code: number;
  /** The tagged cause, for log and audit only. */
  readonly reason: string;
  readonly data: Record<string, unknown> | undefined;
  readonly id: string | number | undefined;

  constructor(
    status: number,
    code: number,
    message: string,
    reason: string,
    more: { readonly id?: string | number | undefined; readonly data?: Record<string, unknown> } =
      {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.id = more.id;
    this.data = more.data;
  }
}

/** The revisions that this server speaks; the last one is stateless, the others begin with `initialize`. */
export const LEGACY_REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
export const MODERN_REVISION = "2026-07-28";
const REVISIONS: readonly string[] = [...LEGACY_REVISIONS, MODERN_REVISION];

/** One request or notification. */
export interface Message {
  readonly era: "modern" | "legacy";
  readonly method: string;
  /** Absent for a notification. */
  readonly id?: string | number;
  readonly params: Readonly<Record<string, unknown>> | undefined;
  /** The name in the params of `tools/call`. */
  readonly toolName?: string;
  /** The parsed body, the very value that is dispatched. */
  readonly body: unknown;
}

const MEMBERS = new Set(["jsonrpc", "id", "method", "params"]);
const MAX_METHOD_LENGTH = 128;
const MAX_ID_LENGTH = 256;
export const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";
/** Which parameter the Mcp-Name header repeats. */
export const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
]);

/**
 * Returns the message of a parsed body.
 *
 * @throws {RpcError} -32600 for anything but one request or notification (batches and responses included), -32602 for
 * params that the method cannot have, -32020 where a header disagrees with the body, -32022 for an unknown revision.
 */
export function readMessage(body: unknown, headers: Headers): Message {
  if (Array.isArray(body)) throw invalid("Batches are not accepted; send one message", "batch");
  if (!isObject(body) || body["jsonrpc"] !== "2.0") {
    throw invalid("The body is not a JSON-RPC 2.0 message", "not_json_rpc");
  }
  const { method, id, params } = body;
  if (typeof method !== "string" || method === "" || method.length > MAX_METHOD_LENGTH) {
    throw invalid("The message has no method", "method");
  }
  if ("id" in body && !isRequestId(id)) {
    throw invalid("The id must be a string of at most 256 characters or a safe integer", "id");
  }
  const known = isRequestId(id) ? id : undefined;
  if (known === undefined && !method.startsWith("notifications/")) {
    throw invalid("A request needs an id", "id");
  }
  if (!Object.keys(body).every((member) => MEMBERS.has(member))) {
    throw invalid("The message has a member that JSON-RPC does not have", "member", known);
  }
  if ("params" in body && !isObject(params)) {
    throw invalidParams("params must be an object", known);
  }
  const message: Message = {
    era: eraOf(params, headers),
    method,
    ...(known === undefined ? {} : { id: known }),
    params: isObject(params) ? params : undefined,
    ...(method === "tools/call" && isObject(params) && typeof params["name"] === "string"
      ? { toolName: params["name"] }
      : {}),
    body,
  };
  if (message.era === "modern") checkStandardHeaders(message, headers);
  else checkLegacyRevision(message, headers);
  const enveloped = message.era === "modern" && known !== undefined;
  const fault = faultOfParams(method, message.params ?? {}, enveloped);
  if (fault !== undefined) throw invalidParams(fault, known);
  return message;
}

/**
 * Whether its sender asks for a stream: a subscription, or a request that wants to hear of progress.
 *
 * Before 2026-07-28 every answer comes as a stream, which ends with the call: that is bounded by the calls at once.
 */
export function asksForStream({ method, id, params }: Message): boolean {
  if (id === undefined) return false;
  if (method === "subscriptions/listen") return true;
  const meta = params?.["_meta"];
  return isObject(meta) && meta["progressToken"] !== undefined;
}

/** The body decides; a header alone decides only where the body is silent. */
function eraOf(params: unknown, headers: Headers): Message["era"] {
  if (claimedRevision(params) !== undefined) return "modern";
  return headers.get("mcp-protocol-version") === MODERN_REVISION ? "modern" : "legacy";
}

function claimedRevision(params: unknown): unknown {
  const meta = isObject(params) ? params["_meta"] : undefined;
  return isObject(meta) ? meta[VERSION_KEY] : undefined;
}

/** Intermediaries may decide by the headers, so a header that says something else than the body is refused. */
function checkStandardHeaders(message: Message, headers: Headers): void {
  const revision = headers.get("mcp-protocol-version");
  const claimed = claimedRevision(message.params);
  if (claimed !== undefined && revision !== null && revision !== claimed) {
    throw mismatch("MCP-Protocol-Version", message);
  }
  const method = headers.get("mcp-method");
  if (method !== null && method !== message.method) throw mismatch("Mcp-Method", message);
  if (message.id === undefined) return;
  if (revision === null) throw mismatch("MCP-Protocol-Version", message);
  if (method === null) throw mismatch("Mcp-Method", message);
  // An envelope is for the stateless revision, which is the one that `server/discover` names.
  if (claimed !== undefined && claimed !== MODERN_REVISION) {
    throw unsupported(revision, [MODERN_REVISION], message);
  }
  const source = NAMED_BY.get(message.method);
  const named = source === undefined ? undefined : message.params?.[source];
  if (typeof named !== "string") return;
  if (decodeHeaderValue(headers.get("mcp-name")) !== named) throw mismatch("Mcp-Name", message);
}

/** A value that a header cannot carry comes as `=?base64?...?=`; a broken one equals nothing. */
function decodeHeaderValue(value: string | null): string | undefined {
  if (value === null) return undefined;
  const encoded = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1];
  if (encoded === undefined) return value;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const canonical = btoa(String.fromCharCode(...bytes)) === encoded;
    return canonical
      ? new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
      : undefined;
  } catch {
    return undefined;
  }
}

function checkLegacyRevision(message: Message, headers: Headers): void {
  const revision = headers.get("mcp-protocol-version");
  // `initialize` negotiates the revision in its body; before it there is nothing to agree with.
  if (revision === null || message.method === "initialize") return;
  if (!REVISIONS.includes(revision)) throw unsupported(revision, REVISIONS, message);
}

function unsupported(
  requested: string,
  supported: readonly string[],
  message: Message,
): RpcError {
  return new RpcError(400, -32022, "Unsupported protocol version", "revision", {
    id: message.id,
    data: { supported, requested: requested.slice(0, 32) },
  });
}

function isRequestId(id: unknown): id is string | number {
  return typeof id === "string" ? id.length <= MAX_ID_LENGTH : Number.isSafeInteger(id);
}

function invalid(message: string, reason: string, id?: string | number): RpcError {
  return new RpcError(400, -32600, `Invalid Request: ${message}`, reason, { id });
}

function invalidParams(message: string, id: string | number | undefined): RpcError {
  return new RpcError(400, -32602, `Invalid params: ${message}`, "params", { id });
}

function mismatch(header: string, message: Message): RpcError {
  return new RpcError(
    400,
    -32020,
    `Header mismatch: ${header} must be sent and must agree with the body`,
    "header_mismatch",
    { id: message.id },
  );
}
