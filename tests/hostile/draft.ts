/** A valid request as lines and bytes, and the ways to change one thing of it. */

import { Buffer } from "node:buffer";
import type { RawPart } from "./raw.ts";

/** A request before it is written out; header lines are latin-1 and a body of text is UTF-8. */
export interface Draft {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string | Uint8Array;
}

export const MODERN = "2026-07-28";

export const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientInfo": { name: "hostile", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A call of a tool in the revision 2026-07-28. */
export function callBody(name: unknown, input: unknown): Record<string, unknown> {
  return {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name, arguments: input, _meta: META },
  };
}

/** The lines of a request of 2026-07-28 for a body, with the headers that repeat it. */
export function modernDraft(host: string, token: string, body: Record<string, unknown>): Draft {
  const { method, params } = body as { method: string; params?: { name?: unknown } };
  const named = method === "tools/call" ? [`Mcp-Name: ${params?.name}`] : [];
  return {
    line: "POST /mcp HTTP/1.1",
    headers: [
      `Host: ${host}`,
      `Authorization: Bearer ${token}`,
      "Content-Type: application/json",
      "Accept: application/json, text/event-stream",
      `MCP-Protocol-Version: ${MODERN}`,
      `Mcp-Method: ${method}`,
      ...named,
    ],
    body: JSON.stringify(body),
  };
}

/** The lines of a request of an earlier revision. */
export function legacyDraft(
  host: string,
  token: string,
  body: unknown,
  revision = "2025-11-25",
): Draft {
  return {
    line: "POST /mcp HTTP/1.1",
    headers: [
      `Host: ${host}`,
      `Authorization: Bearer ${token}`,
      "Content-Type: application/json",
      "Accept: application/json, text/event-stream",
      `MCP-Protocol-Version: ${revision}`,
    ],
    body: JSON.stringify(body),
  };
}

export function withLine(draft: Draft, line: string): Draft {
  return { ...draft, line };
}

export function withBody(draft: Draft, body: string | Uint8Array): Draft {
  return { ...draft, body };
}

/** Replaces the text of the body once; the text must be there. */
export function withBodyText(draft: Draft, from: string, to: string): Draft {
  const body = String(draft.body);
  if (!body.includes(from)) throw new Error(`The body does not have ${from}`);
  return { ...draft, body: body.replace(from, () => to) };
}

/** Adds header lines as they are. */
export function adding(draft: Draft, ...lines: readonly string[]): Draft {
  return { ...draft, headers: [...draft.headers, ...lines] };
}

export function without(draft: Draft, name: string): Draft {
  return { ...draft, headers: draft.headers.filter((line) => !isNamed(line, name)) };
}

/** Puts lines in the place of a header; the header must be there. */
export function replacing(draft: Draft, name: string, ...lines: readonly string[]): Draft {
  const at = draft.headers.findIndex((line) => isNamed(line, name));
  if (at < 0) throw new Error(`The request has no ${name}`);
  return { ...draft, headers: draft.headers.toSpliced(at, 1, ...lines) };
}

/** Writes a draft out, with its length unless a header of it says how the body ends. */
export function written(draft: Draft): Uint8Array {
  const body = typeof draft.body === "string" ? Buffer.from(draft.body) : draft.body;
  const framed = draft.headers.some((line) =>
    isNamed(line, "content-length") || isNamed(line, "transfer-encoding")
  );
  const lines = [draft.line, ...draft.headers];
  if (!framed && body.length > 0) lines.push(`Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

/** One chunk of a chunked body. */
export function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}

/** A draft in parts, so that it can stop, wait or be joined with others. */
export function inParts(draft: Draft, ...more: readonly RawPart[]): readonly RawPart[] {
  return [written(draft), ...more];
}

function isNamed(line: string, name: string): boolean {
  return line.slice(0, line.indexOf(":")).trim().toLowerCase() === name.toLowerCase();
}
