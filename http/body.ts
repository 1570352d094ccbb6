/** Reads the one JSON body of an authenticated request, bounded in type, size and time, for a client that can read JSON. */

import { AppError } from "../errors.ts";
import { JsonError, parseStrictJson } from "./json.ts";
import { RpcError } from "./message.ts";

/** A media range (RFC 9110 section 12.5.1) that takes in JSON or an event stream. */
const ANSWERS = /(^|,)[ \t]*(\*\/\*|application\/(json|\*)|text\/(event-stream|\*))[ \t]*(;|,|$)/i;

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * Returns the parsed body.
 *
 * @throws {AppError} `unsupported_media_type`, `payload_too_large`, `request_timeout`.
 * @throws {RpcError} -32700 for what is not JSON in UTF-8, -32600 for JSON that no message has.
 */
export async function readJsonBody(request: Request, limits: BodyLimits): Promise<unknown> {
  checkMediaType(request.headers);
  const bytes = await readBytes(request, limits);
  let text: string;
  try {
    // A byte order mark stays in the text, where JSON has no place for it (RFC 8259 section 8.1).
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RpcError(400, -32700, "Parse error: the body is not valid UTF-8", "body_encoding");
  }
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw error.kind === "syntax"
      ? new RpcError(400, -32700, `Parse error: ${error.message}`, "body_syntax")
      : new RpcError(400, -32600, `Invalid Request: ${error.message}`, "body_shape");
  }
}

/**
 * Refuses a client that could read none of our answers; one that names only one of the two types is served.
 *
 * @throws {AppError} `not_acceptable`.
 */
export function checkAccept(headers: Headers): void {
  const accepted = headers.get("accept");
  if (!accepted || ANSWERS.test(accepted)) return;
  throw new AppError("not_acceptable", "Accept application/json and text/event-stream");
}

/** Exactly `application/json`, in UTF-8, unencoded: what a form or a simple cross-origin request cannot send. */
function checkMediaType(headers: Headers): void {
  const type = headers.get("content-type") ?? "";
  if (!/^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(type)) {
    throw new AppError("unsupported_media_type", "Send the body as application/json in UTF-8", {
      reason: "content_type",
    });
  }
  if (headers.has("content-encoding")) {
    throw new AppError("unsupported_media_type", "Send the body without a content encoding", {
      reason: "content_encoding",
    });
  }
}

async function readBytes(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  // Deno has no body time-out of its own, so a sender that stops would hold the request for ever.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AppError("request_timeout", "The body did not arrive in time"));
    }, limits.timeoutMs);
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    while (true) {
      const { done, value } = await Promise.race([reader.read(), timedOut]);
      if (done) break;
      size += value.byteLength;
      if (size > limits.maxBytes) throw bodyTooLarge(limits.maxBytes);
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof AppError) throw error;
    // The sender went away or broke the framing; neither is a fault of ours that somebody has to look at.
    throw new AppError("invalid_request", "The body could not be read", { reason: "body_broken" });
  } finally {
    clearTimeout(timer);
  }
  return chunks.length === 1 ? chunks[0]! : concatenate(chunks, size);
}

export function bodyTooLarge(maxBytes: number): AppError {
  return new AppError("payload_too_large", `The body is larger than ${maxBytes} bytes`);
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
