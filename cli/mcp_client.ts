/** One MCP request of revision 2026-07-28 over Streamable HTTP, for the command line. */

import { AppError } from "../errors.ts";
import { MODERN_REVISION } from "../http/message.ts";
import { onceOnly } from "../once_only.ts";
import { NO_ANSWER } from "./command.ts";
import { headerValue } from "./header_value.ts";
import { NAME, VERSION } from "./version.ts";

export interface Post {
  readonly url: string;
  readonly accessToken: string;
  readonly method: string;
  /** The value of the Mcp-Name header, where the method has one. */
  readonly name?: string;
  readonly params?: Record<string, unknown>;
  readonly onProgress?: (text: string) => void;
}

/**
 * Sends the request and returns the HTTP status with the JSON-RPC response, or the refusal body.
 *
 * @throws {AppError} `unavailable` where nothing that makes sense comes back.
 */
export async function postMessage(
  post: Post,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { url, accessToken, method, name, params = {} } = post;
  const meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
    "io.modelcontextprotocol/clientInfo": { name: `${NAME}-cli`, version: VERSION },
    "io.modelcontextprotocol/clientCapabilities": {},
    ...(post.onProgress ? { progressToken: 1 } : {}),
  };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "authorization": `Bearer ${accessToken}`,
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": MODERN_REVISION,
        "mcp-method": method,
        ...(name === undefined ? {} : { "mcp-name": headerValue(name) }),
      },
      ...onceOnly(
        JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
      ),
    });
    const streamed = response.headers.get("content-type")?.startsWith("text/event-stream");
    const body = streamed ? await lastMessage(response, post.onProgress) : await response.json();
    return { status: response.status, body };
  } catch (cause) {
    throw new AppError("unavailable", `No usable answer from ${url}`, { reason: NO_ANSWER, cause });
  }
}

async function lastMessage(
  response: Response,
  onProgress: Post["onProgress"],
): Promise<Record<string, unknown>> {
  let buffer = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    buffer += decoder.decode(chunk, { stream: true });
    const events = buffer.split("\n\n");
    buffer = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart()).join("\n");
      if (data === "") continue;
      const message = JSON.parse(data);
      if ("id" in message) return message;
      if (message.method === "notifications/progress") onProgress?.(describe(message.params));
    }
  }
  throw new Error("The stream ended without a response");
}

function describe(progress: { progress: number; total?: number; message?: string }): string {
  const { progress: done, total, message } = progress;
  return `${done}${total === undefined ? "" : `/${total}`}${message ? ` ${message}` : ""}`;
}
