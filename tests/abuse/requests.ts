/** Requests as they stand on the wire. */

import { MODERN_META } from "../support/pipeline.ts";

export interface Wire {
  readonly port: number;
  readonly token?: string;
  readonly headers?: readonly string[];
  /** The declared length, where it is not the body's. */
  readonly length?: number;
}

/** A POST to the endpoint with a body as it is. */
export function post({ port, token, headers = [], length }: Wire, body: string): string {
  return [
    "POST /mcp HTTP/1.1",
    `Host: localhost:${port}`,
    "Content-Type: application/json",
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...headers,
    ...(headers.some((header) => /^transfer-encoding:/i.test(header))
      ? []
      : [`Content-Length: ${length ?? body.length}`]),
    "",
    body,
  ].join("\r\n");
}

/** A call of a tool on revision 2026-07-28. */
export function modernCall(wire: Wire, name: string, input: Record<string, unknown>): string {
  const headers = Object.entries(modernHeaders(name)).map((pair) => pair.join(": "));
  return post({ ...wire, headers }, modernMessage(name, input));
}

/** The same by way of fetch(); returns the structured content of the result. */
export async function callTool(
  { port, token }: Wire,
  name: string,
  input: Record<string, unknown>,
): Promise<unknown> {
  const response = await fetch(`http://localhost:${port}/mcp`, {
    method: "POST",
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
      ...modernHeaders(name),
    },
    body: modernMessage(name, input),
  });
  const text = await response.text();
  const { result } = JSON.parse(text) as { result?: { structuredContent?: unknown } };
  if (result?.structuredContent === undefined) throw new Error(`${name} failed: ${text}`);
  return result.structuredContent;
}

/** What a call has to say in its headers too. */
export function modernHeaders(name: string): Record<string, string> {
  return {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": name,
  };
}

export function modernMessage(name: string, input: Record<string, unknown>): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name, arguments: input, _meta: MODERN_META },
  });
}

/** A request on revision 2025-11-25, whose answers are always streams. */
export function legacy(wire: Wire, method: string, params: Record<string, unknown> = {}): string {
  const headers = [
    "MCP-Protocol-Version: 2025-11-25",
    "Accept: application/json, text/event-stream",
  ];
  const message = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return post({ ...wire, headers }, message);
}

/** A JSON text of so many bytes. */
export function jsonOf(bytes: number): string {
  return `{"a":"${"x".repeat(bytes - 8)}"}`;
}

export function manyNames(count: number): string {
  return `{${Array.from({ length: count }, (_, index) => `"${index}":1`).join(",")}}`;
}

export function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}
