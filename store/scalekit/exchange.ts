/** One HTTP request to Scalekit and its JSON answer, bounded in time, size and redirects. */

import { onceOnly } from "../../once_only.ts";
import type { Json } from "./values.ts";

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Whether it must not arrive twice. */
  readonly once?: boolean;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where there was nothing, or no JSON object in an answer that is an error. */
  readonly body: Json;
}

/**
 * Sends the request and reads the answer whole.
 *
 * @throws {Error} where there is none that can be used: no connection, a time-out, a redirect, too many bytes, a success
 * that is no JSON object.
 */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const { url, method, headers, body, once, signal, maxBytes } = request;
  if (!isSecure(url)) throw new Error(`${url.origin} is neither https nor loopback`);
  const response = await fetch(url, {
    method,
    headers: { ...headers, accept: "application/json" },
    ...(once ? onceOnly(body) : body !== undefined && { body }),
    // Whoever answers with another address would get the token.
    redirect: "manual",
    signal,
  });
  try {
    const { status } = response;
    if (status >= 300 && status < 400) throw new Error(`${url.origin} redirects`);
    const text = await readBounded(response, maxBytes);
    return { status, headers: response.headers, body: parse(text, response.ok) };
  } finally {
    if (!response.bodyUsed) await response.body?.cancel().catch(() => {});
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** A proxy in between says that it failed in a page of its own; such a failure is one all the same. */
function parse(text: string, isSuccess: boolean): Json {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Json;
  } catch (error) {
    if (isSuccess) throw error;
  }
  if (isSuccess) throw new Error("a success that is no JSON object");
  return {};
}

function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === "https:" ||
    (protocol === "http:" &&
      (hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname)));
}
