/** Turns what the protocol implementation refuses by itself into our words. */

import { RpcError } from "./message.ts";
import type { Message } from "./message.ts";

/** A JSON-RPC error as it stands in a message. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What the protocol says of an error; the SDK's own texts repeat what was sent and what its schemas say of it. */
const MEANINGS: ReadonlyMap<number, string> = new Map([
  [-32020, "Header mismatch: the headers must agree with the body"],
  [-32021, "Missing a required client capability"],
  [-32022, "Unsupported protocol version"],
  [-32600, "Invalid Request"],
  [-32601, "Method not found"],
  [-32602, "Invalid params"],
]);
/** Codes whose `data` the protocol defines for a client to go on by. */
const TELLING = new Set([-32021, -32022]);

/** Whether the SDK refused before there was a server; an answer without a body is for a client that is gone. */
export function isRefusal(response: Response, { method }: Message): boolean {
  if (response.body === null) return false;
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return !response.ok || (method === "subscriptions/listen" && isJson);
}

/** Makes our refusal of the SDK's. */
export async function refusalOf(response: Response, { id }: Message): Promise<RpcError> {
  const { error: { code, data } } = await response.json() as { error: WireError };
  return new RpcError(response.status, code, meaningOf(code), "protocol", {
    id,
    ...(TELLING.has(code) && data && { data }),
  });
}

/** Says what a code means, and nothing of what was sent. */
export function meaningOf(code: number): string {
  return MEANINGS.get(code) ?? "Internal error";
}
