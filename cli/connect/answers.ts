/** Reads the messages of an answer as they arrive: one of JSON, or the events of a stream, all of them bounded. */

import { createParser } from "eventsource-parser";
import { AppError } from "../../errors.ts";
import { readServerMessage } from "./messages.ts";
import type { ServerMessage } from "./messages.ts";

/** Where a stream stands, so that it can be taken up again (MCP 2025-11-25, resumability). */
export interface Cursor {
  lastEventId?: string;
  /** What the server wants waited before. */
  retryMs?: number;
}

/** The most that one message may be, in bytes of JSON or characters of an event. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/**
 * Yields the messages; a stream that breaks off just ends.
 *
 * @throws {AppError} `unavailable` for an answer of another kind, one that is too big, and JSON that is no message.
 */
export async function* messagesOf(
  response: Response,
  cursor: Cursor = {},
): AsyncGenerator<ServerMessage> {
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "text/event-stream") return yield* eventsOf(response, cursor);
  if (type !== "application/json") {
    await response.body?.cancel();
    throw unusable(`it answered ${response.status} with ${type ?? "no content type"}`);
  }
  const message = readServerMessage(await textOf(response, MAX_MESSAGE));
  if (message === undefined) throw unusable("its answer is not a JSON-RPC message");
  yield message;
}

async function* eventsOf(response: Response, cursor: Cursor): AsyncGenerator<ServerMessage> {
  const events: ServerMessage[] = [];
  let fault: AppError | undefined;
  const parser = createParser({
    maxBufferSize: MAX_MESSAGE,
    onRetry: (milliseconds) => (cursor.retryMs = milliseconds),
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") fault = unusable("one of its messages is too long");
    },
    onEvent: ({ id, event, data }) => {
      if (id) cursor.lastEventId = id;
      if (data === "" || (event !== undefined && event !== "message")) return;
      const message = readServerMessage(data);
      if (message) events.push(message);
      else fault ??= unusable("an event of its stream is not a JSON-RPC message");
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of untilBroken(response)) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* events.splice(0);
    if (fault) throw fault;
  }
}

/** How a stream ended says nothing about the request: what matters is whether its response came before. */
async function* untilBroken({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const next = await reader.read().catch(() => undefined);
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

/**
 * Reads a body as text.
 *
 * @throws {AppError} `unavailable` where it has more bytes, or breaks off.
 */
export async function textOf(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) break;
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (cause) {
    throw unusable("its answer broke off", cause);
  }
  if (size > maxBytes) throw unusable("its answer is too big");
  return text + decoder.decode();
}

function unusable(why: string, cause?: unknown): AppError {
  return new AppError("unavailable", `The server cannot be understood: ${why}`, {
    reason: "unusable_answer",
    cause,
  });
}
