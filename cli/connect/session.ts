/** The protocol session of the revisions before 2026-07-28: its id and revision, its own stream, and its end. */

import { toAppError } from "../../errors.ts";
import { isObject } from "../../http/params.ts";
import type { Logger } from "../../telemetry/log.ts";
import { messagesOf } from "./answers.ts";
import type { Cursor } from "./answers.ts";
import { discard, pause } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { ServerMessage } from "./messages.ts";

export interface Session {
  /** Whether the server keeps one. */
  readonly id: string | undefined;
  /** The headers of every message after `initialize`. */
  headers(): Record<string, string>;
  /** Takes in the answer to `initialize`. */
  opened(response: Response, result: unknown): void;
  /** Opens the stream for what the server says on its own, where it has one, until `end()`. */
  listen(): void;
  /** Takes up a stream that broke off, where the server gave its events ids; undefined where it cannot be. */
  resume(cursor: Cursor, signal: AbortSignal): Promise<Response | undefined>;
  /** The server has forgotten the session. */
  lost(): void;
  /** Tells the server that the session is over. */
  end(): Promise<void>;
}

export interface SessionOptions {
  readonly exchange: Exchange;
  readonly deliver: (message: ServerMessage) => Promise<void>;
  readonly logger: Logger;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** Whatever a server asks for: who breaks every stream must not be asked in a loop. */
const SHORTEST_WAIT_MS = 100;
const END_TIMEOUT_MS = 2000;
const VISIBLE = /^[\x21-\x7E]{1,1024}$/;

export function createSession({ exchange, deliver, logger }: SessionOptions): Session {
  let id: string | undefined;
  let revision: string | undefined;
  let isLost = false;
  let listening: AbortController | undefined;

  const headers = (): Record<string, string> => ({
    ...(revision === undefined ? {} : { "mcp-protocol-version": revision }),
    ...(id === undefined ? {} : { "mcp-session-id": id }),
  });

  /** Opens a stream of the server's; undefined where the answer is none, with its status. */
  async function open(cursor: Cursor, signal: AbortSignal) {
    const { lastEventId } = cursor;
    const { response } = await exchange({
      method: "GET",
      headers: {
        ...headers(),
        accept: "text/event-stream",
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
      signal,
    });
    const isStream = response.ok &&
      response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (!isStream) await discard(response);
    return { status: response.status, response: isStream ? response : undefined };
  }

  async function listenUntil(signal: AbortSignal): Promise<void> {
    const cursor: Cursor = {};
    let wait = FIRST_WAIT_MS;
    while (!signal.aborted) {
      try {
        const { status, response } = await open(cursor, signal);
        // A refusal is an answer too: this server has no such stream, or no longer.
        if (response === undefined && status < 500 && status !== 429) return;
        for await (const message of response ? messagesOf(response, cursor) : []) {
          wait = FIRST_WAIT_MS;
          if (message.answers === undefined) await deliver(message);
        }
      } catch (error) {
        if (signal.aborted || toAppError(error).code === "unauthorized") return;
        logger.debug("the server's own stream failed", { error: String(error) });
      }
      await pause(bounded(cursor.retryMs ?? wait), signal);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  return {
    get id() {
      return id;
    },
    headers,
    opened(response, result) {
      listening?.abort();
      isLost = false;
      const given = response.headers.get("mcp-session-id");
      id = given !== null && VISIBLE.test(given) ? given : undefined;
      const agreed = isObject(result) ? result["protocolVersion"] : undefined;
      revision = typeof agreed === "string" && VISIBLE.test(agreed) ? agreed : undefined;
    },
    listen() {
      listening?.abort();
      listening = new AbortController();
      void listenUntil(listening.signal);
    },
    async resume(cursor, signal) {
      if (cursor.lastEventId === undefined) return undefined;
      await pause(bounded(cursor.retryMs ?? FIRST_WAIT_MS), signal);
      return (await open(cursor, signal)).response;
    },
    lost() {
      listening?.abort();
      isLost = true;
    },
    async end() {
      listening?.abort();
      if (id === undefined || isLost) return;
      const late = AbortSignal.timeout(END_TIMEOUT_MS);
      const told = exchange({ method: "DELETE", headers: headers(), signal: late })
        .then(({ response }) => discard(response)).catch(() => {});
      // The token may have to be renewed first, which takes its own time.
      await Promise.race([told, pause(END_TIMEOUT_MS, late)]);
    },
  };
}

function bounded(milliseconds: number): number {
  return Math.min(Math.max(milliseconds, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
}
