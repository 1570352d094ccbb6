/** Fetches one small JSON object from an authorization server, bounded in time, size and redirects. */

/** What to fetch and within which bounds. */
export interface JsonRequest {
  readonly url: string;
  readonly init?: RequestInit;
  /** Bytes after decompression; default 256 KiB. */
  readonly maxBytes?: number;
  /** Milliseconds for the whole exchange; default 1 500: a caller waits for it. */
  readonly timeoutMs?: number;
}

/** Loopback names and addresses, where plain http stays on the machine. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname === "::1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** Whether a URL may be trusted with keys and tokens: https, or http that does not leave the machine. */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
}

/**
 * Returns the JSON object that the URL answers with.
 *
 * @throws {Error} for any other answer: a redirect, a status other than 200, another media type, too many bytes, a time-out.
 */
export async function fetchJson(request: JsonRequest): Promise<Record<string, unknown>> {
  const { url, init = {}, maxBytes = 256 * 1024, timeoutMs = 1500 } = request;
  if (!isSecureUrl(url)) throw new Error(`${url} is neither https nor loopback`);
  const headers = new Headers(init.headers);
  headers.set("accept", "application/json");
  const response = await fetch(url, {
    ...init,
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  try {
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    const type = response.headers.get("content-type") ?? "";
    if (!/^application\/([a-z0-9.+-]*\+)?json\s*(;|$)/i.test(type)) {
      throw new Error(`${url} answered with content type ${JSON.stringify(type.slice(0, 64))}`);
    }
    const value: unknown = JSON.parse(await readBounded(response, maxBytes));
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      throw new Error(`${url} did not answer with a JSON object`);
    }
    return value as Record<string, unknown>;
  } finally {
    if (!response.bodyUsed) await response.body?.cancel();
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new Error(`${response.url} answered with more than ${maxBytes} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
