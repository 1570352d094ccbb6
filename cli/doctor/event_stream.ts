/** Finds the JSON-RPC response in a body: the body itself, or the last one of an event stream. */

import { isObject } from "../../http/params.ts";

/** A JSON-RPC response, of which nothing but the shape of these members is known. */
export interface RpcMessage {
  readonly id?: unknown;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

/** Returns the last response of an event stream; undefined where none has come whole. */
export function lastMessage(body: string): RpcMessage | undefined {
  const events = body.replaceAll("\r\n", "\n").split("\n\n").slice(0, -1);
  for (const event of events.reverse()) {
    const data = event.split("\n").filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).trimStart()).join("\n");
    const message = asMessage(data);
    if (message && ("result" in message || "error" in message)) return message;
  }
  return undefined;
}

/** Returns the object that a text is as JSON, where it is a JSON-RPC message. */
export function asMessage(text: string): RpcMessage | undefined {
  const value = parseObject(text);
  if (value?.["jsonrpc"] !== "2.0") return undefined;
  for (const member of ["result", "error"]) {
    if (member in value && !isObject(value[member])) return undefined;
  }
  return value;
}

/** Returns the object that a text is as JSON. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
