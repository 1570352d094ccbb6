/** JSON-RPC messages as a bridge sees them: what kind they are, and the errors that it answers itself. */

import { toAppError } from "../../errors.ts";
import { VERSION_KEY } from "../../http/message.ts";
import { isObject } from "../../http/params.ts";

export type RequestId = string | number;

/** A message with the very text that it came as; what is passed on is the text. */
export interface HostMessage {
  readonly kind: "request" | "notification" | "response";
  readonly text: string;
  readonly method: string;
  /** Of a request. */
  readonly id: RequestId | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  /** The revision that a message of 2026-07-28 names for itself; undefined for the revisions before. */
  readonly revision: string | undefined;
}

/** -32000 is the first code that JSON-RPC leaves to an implementation. */
export const BRIDGE_ERROR = -32000;

/** Reads one line of the host; a line that is no message gives the answer that it gets. */
export function readHostMessage(line: string): HostMessage | { readonly answer: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { answer: errorText(null, -32700, "Parse error: the line is not JSON") };
  }
  if (Array.isArray(value)) return { answer: invalid("send one message a line, not a batch") };
  if (!isObject(value) || value["jsonrpc"] !== "2.0") {
    return { answer: invalid("the line is not a JSON-RPC 2.0 message") };
  }
  const { id, method, params } = value;
  const hasId = "id" in value;
  if (hasId && !isId(id)) return { answer: invalid("an id is a string or a number") };
  if (method !== undefined && typeof method !== "string") {
    return { answer: invalid("a method is a string") };
  }
  if (method === undefined && !(hasId && ("result" in value || "error" in value))) {
    return { answer: invalid("the message has no method") };
  }
  const fields = isObject(params) ? params : {};
  const revision = isObject(fields["_meta"]) ? fields["_meta"][VERSION_KEY] : undefined;
  return {
    kind: method === undefined ? "response" : hasId ? "request" : "notification",
    text: line,
    method: method ?? "",
    id: hasId ? id as RequestId : undefined,
    params: fields,
    revision: typeof revision === "string" ? revision : undefined,
  };
}

function isId(id: unknown): id is RequestId {
  return typeof id === "string" || typeof id === "number";
}

function invalid(why: string): string {
  return errorText(null, -32600, `Invalid Request: ${why}`);
}

/** The text of an error response. */
export function errorText(
  id: RequestId | null,
  code: number,
  message: string,
  data?: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, ...(data && { data }) } });
}

/** The answer to a request that failed on the way; only what an AppError says in public is in it. */
export function failureText(id: RequestId, thrown: unknown): string {
  const { code, message, details } = toAppError(thrown);
  return errorText(id, BRIDGE_ERROR, message, { error: code, ...details });
}

/** One message of the server, with a text of one line. */
export interface ServerMessage {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** The id of a response; undefined for requests and notifications, null where the server knew none. */
  readonly answers: RequestId | null | undefined;
}

/** Reads what a server sent as one message; undefined where it is none. */
export function readServerMessage(text: string): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || value["jsonrpc"] !== "2.0") return undefined;
  const isAnswer = !("method" in value) && ("result" in value || "error" in value);
  if (!isAnswer && typeof value["method"] !== "string") return undefined;
  const { id } = value;
  return {
    // The text itself where that is possible: a number that JavaScript cannot hold stays what it is.
    text: /[\r\n]/.test(text) ? JSON.stringify(value) : text,
    value,
    answers: isAnswer ? (isId(id) ? id : null) : undefined,
  };
}
