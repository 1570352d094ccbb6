/** The bridge: takes the host's messages to the remote server and brings back what it says, ids and all. */

import { AppError } from "../../errors.ts";
import type { Logger } from "../../telemetry/log.ts";
import { messagesOf } from "./answers.ts";
import type { Cursor } from "./answers.ts";
import { discard } from "./exchange.ts";
import type { Exchange, Exchanged } from "./exchange.ts";
import { modernHeaders } from "./headers.ts";
import { errorText, failureText, readHostMessage } from "./messages.ts";
import type { HostMessage, RequestId, ServerMessage } from "./messages.ts";
import { refusalText } from "./refusal.ts";
import { createSession } from "./session.ts";
import type { HostOutput, Unreadable } from "./stdio.ts";
import { createToolHeaders } from "./tool_headers.ts";

export interface Bridge {
  /** Takes one line of the host; what comes of it is sent to the host. */
  receive(line: string | Unreadable): void;
  /** Cancels what is running and ends the session; tells whether the server ever answered a request. */
  close(): Promise<"served" | "never_served" | "idle">;
}

export interface BridgeOptions {
  readonly resource: URL;
  readonly exchange: Exchange;
  readonly host: HostOutput;
  readonly logger: Logger;
}

/** Requests that one host may have running. */
const MAX_RUNNING = 512;
/** Breaks of one stream in a row, with nothing new in between, before it counts as lost. */
const MAX_RESUMES = 3;
/** A host waits for its first answer, and a server that is not there should be told of in time. */
const HEAD_TIMEOUT_MS = 20_000;
const FIRST_METHODS: readonly string[] = [
  "initialize",
  "notifications/initialized",
  "server/discover",
];

export function createBridge({ resource, exchange, host, logger }: BridgeOptions): Bridge {
  const running = new Map<RequestId, AbortController>();
  const closing = new AbortController();
  const tools = createToolHeaders();
  const session = createSession({ exchange, logger, deliver: ({ text }) => host.send(text) });
  let modernRevision: string | undefined;
  let initialized: Promise<unknown> = Promise.resolve();
  let outcome: "served" | "never_served" | "idle" = "idle";

  function headersOf(message: HostMessage): Record<string, string> {
    const common = {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
    };
    if (message.method === "initialize") return common;
    // A notification need not name the revision; it then has that of the requests around it.
    const legacy = session.headers();
    const inherits = message.kind === "notification" && !("mcp-protocol-version" in legacy);
    const revision = message.revision ?? (inherits ? modernRevision : undefined);
    return { ...common, ...revision ? modernHeaders(message, revision, tools) : legacy };
  }

  function post(message: HostMessage, signal: AbortSignal): Promise<Exchanged> {
    return exchange({
      method: "POST",
      headers: headersOf(message),
      body: message.text,
      signal,
      mayHaveRun: message.method === "tools/call",
      ...(FIRST_METHODS.includes(message.method) ? { headTimeoutMs: HEAD_TIMEOUT_MS } : {}),
    });
  }

  async function request(message: HostMessage, id: RequestId): Promise<void> {
    if (running.has(id) || running.size >= MAX_RUNNING) {
      const why = running.has(id) ? "that id is in use" : `${MAX_RUNNING} requests are running`;
      return await host.send(errorText(id, -32600, `Invalid Request: ${why}`));
    }
    const control = new AbortController();
    running.set(id, control);
    const { signal } = control;
    try {
      await initialized;
      modernRevision = message.revision ?? modernRevision;
      note(await answer(message, id, signal));
    } catch (error) {
      note(false);
      // Who cancelled a request does not wait for an answer.
      if (signal.aborted) return;
      log("a request failed", message, error);
      await host.send(failureText(id, error));
    } finally {
      running.delete(id);
    }
  }

  function note(isServed: boolean): void {
    if (isServed) outcome = "served";
    else if (outcome === "idle") outcome = "never_served";
  }

  /** Passes on everything up to the response of the request; false where the server refused it before. */
  async function answer(
    message: HostMessage,
    id: RequestId,
    signal: AbortSignal,
  ): Promise<boolean> {
    const exchanged = await post(message, signal);
    let response: Response | undefined = exchanged.response;
    if (!response.ok) {
      if (isLost(message, response)) throw await sessionLost(response);
      const text = await refusalText(id, exchanged, resource);
      if (!signal.aborted) await host.send(text);
      return false;
    }
    const cursor: Cursor = {};
    for (let breaks = 0; response !== undefined && breaks <= MAX_RESUMES; breaks += 1) {
      const before = cursor.lastEventId;
      for await (const part of messagesOf(response, cursor)) {
        if (part.answers !== undefined && part.answers !== id) {
          logger.warning("dropped an answer to another request", { method: message.method });
          continue;
        }
        if (part.answers === id) learn(message, exchanged.response, part);
        if (!signal.aborted) await host.send(part.text);
        if (part.answers === id) return true;
      }
      if (cursor.lastEventId !== before) breaks = 0;
      response = message.revision === undefined ? await session.resume(cursor, signal) : undefined;
    }
    throw new AppError(
      "unavailable",
      "The connection ended before the answer; what was asked for may have been done in part or in full",
      { reason: "broken_stream" },
    );
  }

  function learn(message: HostMessage, response: Response, { value }: ServerMessage): void {
    const { result } = value;
    if (message.method === "initialize" && result !== undefined) session.opened(response, result);
    if (message.method === "tools/list") tools.learn(result, message.params["cursor"]);
  }

  function isLost(message: HostMessage, { status }: Response): boolean {
    return status === 404 && session.id !== undefined && message.revision === undefined &&
      message.method !== "initialize";
  }

  async function sessionLost(response: Response): Promise<AppError> {
    await discard(response);
    session.lost();
    return new AppError(
      "not_found",
      "The server has ended this session; start it anew (restart this MCP server in your host)",
      { reason: "session_lost", details: { http_status: 404 } },
    );
  }

  /** A notification or a response; the host waits for nothing. */
  async function pass(message: HostMessage): Promise<void> {
    try {
      await initialized;
      const { response } = await post(message, closing.signal);
      await discard(response);
      if (response.ok) {
        if (message.method === "notifications/initialized") session.listen();
        return;
      }
      if (isLost(message, response)) session.lost();
      logger.warning("the server refused a message", {
        method: message.method,
        status: response.status,
      });
    } catch (error) {
      if (!closing.signal.aborted) log("a message was not sent", message, error);
    }
  }

  function cancel(message: HostMessage): void {
    const id = message.params["requestId"] as RequestId;
    const isModern = message.revision !== undefined ||
      !("mcp-protocol-version" in session.headers());
    // In 2026-07-28 a request is cancelled by closing its stream; there is no such message over HTTP.
    if (!isModern) void pass(message);
    running.get(id)?.abort();
  }

  function log(text: string, { method }: HostMessage, error: unknown): void {
    const { message } = error instanceof Error ? error : { message: String(error) };
    logger.warning(text, { method, error: message });
  }

  function receive(line: string | Unreadable): void {
    if (typeof line !== "string") {
      return void host.send(errorText(null, -32700, `Parse error: ${line.why}`));
    }
    const message = readHostMessage(line);
    if ("answer" in message) return void host.send(message.answer);
    logger.debug("from the host", { kind: message.kind, method: message.method });
    if (message.id !== undefined && message.kind === "request") {
      return void request(message, message.id);
    }
    if (message.method === "notifications/cancelled") return cancel(message);
    const passed = pass(message);
    // What the host says next must not arrive before the server knows that it has begun.
    if (message.method === "notifications/initialized") initialized = passed;
  }

  return {
    receive,
    async close() {
      closing.abort();
      for (const control of running.values()) control.abort();
      await session.end();
      return outcome;
    },
  };
}
