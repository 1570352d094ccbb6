/** The Model Context Protocol behind the pipeline: the only file that names the MCP SDK. */

import {
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
} from "@modelcontextprotocol/server";
import type { McpServerFactory, ServerContext, Transport } from "@modelcontextprotocol/server";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { ToolCall, ToolOutcome } from "../tools/execute.ts";
import type { Effect, Progress, Registry, Tool } from "../tools/registry.ts";
import type { Exchange } from "./exchange.ts";
import { RpcError } from "./message.ts";
import type { Message } from "./message.ts";

/** Hands an authorized message to the protocol implementation. */
export interface McpDispatcher {
  dispatch(exchange: Exchange, message: Message, principal: Principal): Promise<Response>;
  /** Ends what is still running. */
  close(): Promise<void>;
}

/** Which tools a list shows: all, those the caller may call, or all to callers that can ask for more scopes. */
export type ToolVisibility = "auto" | "all" | "granted";

export interface McpOptions {
  readonly name: string;
  readonly version: string;
  readonly instructions: string;
  readonly registry: Registry;
  readonly policy: ScopePolicy;
  readonly visibility: ToolVisibility;
  readonly execute: (call: ToolCall) => Promise<ToolOutcome>;
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

/** Builds the dispatcher that serves the registry. */
export function createMcp(options: McpOptions): McpDispatcher {
  const listed = new Map(options.registry.tools.map((tool) => [tool.name, listing(tool)]));
  const sharedList = options.visibility === "all";

  function visibleTo(principal: Principal): readonly unknown[] {
    const all = options.visibility === "all" ||
      (options.visibility === "auto" && principal.kind === "user");
    return options.registry.tools
      .filter((tool) => all || options.policy.missing(principal.scopes, tool.scopes).length === 0)
      .map((tool) => listed.get(tool.name));
  }

  async function callTool(call: Call, context: ServerContext, name: string, input: unknown) {
    const tool = options.registry.get(name);
    if (tool === undefined) {
      call.exchange.toolOutcome = "unknown_tool";
      throw invalidParams(call, "Unknown tool");
    }
    const { exchange, principal } = call;
    const outcome = await options.execute({
      tool,
      input,
      principal,
      requestId: exchange.id,
      signal: exchange.live
        ? AbortSignal.any([context.mcpReq.signal, exchange.live.signal])
        : context.mcpReq.signal,
      progress: (progress) => notifyProgress(context, progress),
    });
    exchange.toolOutcome = outcome.ok ? "ok" : outcome.cause.reason;
    if (!outcome.ok && outcome.cause.code === "internal") {
      options.onUnexpected(outcome.cause.cause ?? outcome.cause, exchange.id);
    }
    return toResult(outcome);
  }

  /** A fresh server for each request: nothing of one caller is left for the next (R87). */
  return createDispatcher((call) => {
    const server = new Server({ name: options.name, version: options.version }, {
      capabilities: {
        tools: { listChanged: false },
        extensions: { "io.modelcontextprotocol/oauth-client-credentials": {} },
      },
      instructions: options.instructions,
      cacheHints: {
        "server/discover": { ttlMs: 3_600_000, cacheScope: "public" },
        // A filtered list grows when its caller steps up, and soon should in the caller's eyes.
        "tools/list": sharedList
          ? { ttlMs: 60_000, cacheScope: "public" }
          : { ttlMs: 5_000, cacheScope: "private" },
      },
    });
    server.setRequestHandler("tools/list", (request) => {
      if (request.params?.cursor !== undefined) {
        throw invalidParams(call, "The list has one page; call again without a cursor");
      }
      return { tools: visibleTo(call.principal) as never };
    });
    server.setRequestHandler(
      "tools/call",
      (request, context) => callTool(call, context, request.params.name, request.params.arguments),
    );
    return server;
  });
}

/** What a server factory knows of the request that it serves. */
export interface Call {
  readonly exchange: Exchange;
  readonly message: Message;
  readonly principal: Principal;
}

type Served = Awaited<ReturnType<McpServerFactory>>;

/** Wraps the SDK's handler: what goes in has no credential, what comes out has no stranger's error text. */
export function createDispatcher(
  serve: (call: Call) => ReturnType<McpServerFactory>,
): McpDispatcher {
  const handler = createMcpHandler(async (context) => {
    const call = context.authInfo?.extra?.["call"] as Call;
    return withOurErrors(await serve(call), call.exchange);
  }, { keepAliveMs: 5000 });
  return {
    async dispatch(exchange, message, principal) {
      const response = await handler.fetch(withoutCredentials(exchange.request), {
        parsedBody: message.body,
        authInfo: {
          token: "",
          clientId: principal.clientId,
          scopes: [...principal.scopes],
          extra: { call: { exchange, message, principal } satisfies Call },
        },
      });
      if (isRefusal(response, message)) throw await refusalOf(response, message);
      return response;
    },
    close: () => handler.close(),
  };
}

interface WireError {
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
function isRefusal(response: Response, { method }: Message): boolean {
  if (response.body === null) return false;
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return !response.ok || (method === "subscriptions/listen" && isJson);
}

async function refusalOf(response: Response, { id }: Message): Promise<RpcError> {
  const { error: { code, data } } = await response.json() as { error: WireError };
  return new RpcError(response.status, code, meaningOf(code), "protocol", {
    id,
    ...(TELLING.has(code) && data && { data }),
  });
}

/** What the SDK answers in the place of a handler gets our words, in a body and in a stream. */
function withOurErrors(server: Served, exchange: Exchange): Served {
  const connect = server.connect.bind(server);
  server.connect = (transport: Transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      if (!("error" in message)) return send(message, options);
      exchange.toolOutcome ??= "protocol";
      const { code, message: text, data } = message.error as WireError;
      const isOurs = data?.["request_id"] === exchange.id;
      const error = {
        code,
        message: isOurs ? text : meaningOf(code),
        data: { ...data, request_id: exchange.id },
      };
      return send({ ...message, error }, options);
    };
    return connect(transport);
  };
  return server;
}

function meaningOf(code: number): string {
  return MEANINGS.get(code) ?? "Internal error";
}

/** An error of ours: the request's id in its data tells it from those of the SDK. */
function invalidParams({ exchange }: Call, message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message, { request_id: exchange.id });
}

/** The SDK gives the request to handlers; the token ends here. */
function withoutCredentials(request: Request): Request {
  const headers = new Headers(request.headers);
  for (const name of ["authorization", "cookie", "dpop", "proxy-authorization"]) {
    headers.delete(name);
  }
  // The revisions before 2026-07-28 want both types named; a client that takes anything takes these.
  headers.set("accept", "application/json, text/event-stream");
  return new Request(request.url, { method: request.method, headers, signal: request.signal });
}

/** A caller that has gone away must not make a handler fail between two committed steps; its signal tells it. */
async function notifyProgress(context: ServerContext, progress: Progress): Promise<void> {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined || context.mcpReq.signal.aborted) return;
  await context.mcpReq.notify({
    method: "notifications/progress",
    params: { progressToken, ...progress },
  }).catch(() => {});
}

/**
 * An error stands in the text alone: structured content has to fit the output schema, and clients that hold an error's
 * against it lose the error (observed: the v1 SDK, the Inspector).
 */
function toResult(outcome: ToolOutcome) {
  if (!outcome.ok) {
    const text = JSON.stringify({ error: outcome.error });
    return { isError: true, content: [{ type: "text" as const, text }] };
  }
  return {
    content: [{ type: "text" as const, text: outcome.text }],
    structuredContent: outcome.output,
  };
}

function listing(tool: Tool) {
  return Object.freeze({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: tool.inputSchema,
    outputSchema: tool.outputSchema,
    annotations: { title: tool.title, ...ANNOTATIONS[tool.effect] },
    _meta: { securitySchemes: [{ type: "oauth2", scopes: tool.scopes }] },
  });
}

/** The effect says it once, so that hints cannot contradict each other. */
const ANNOTATIONS: Readonly<Record<Effect, Record<string, boolean>>> = {
  read: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  create: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  update: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  delete: {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: true,
    openWorldHint: false,
  },
};
