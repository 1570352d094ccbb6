/** The Model Context Protocol behind the pipeline: the only file that names the MCP SDK. */

import {
  createMcpHandler,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  Server,
} from "@modelcontextprotocol/server";
import type {
  AuthInfo,
  McpServerFactory,
  ServerContext,
  Transport,
} from "@modelcontextprotocol/server";
import { AppError } from "../errors.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Answer, ToolCall, ToolOutcome } from "../tools/execute.ts";
import type { Progress, Registry } from "../tools/registry.ts";
import { askedFor, bindingOf, canAskPerson, QUESTION_TTL_SECONDS, redeem } from "./confirmation.ts";
import type { Asked, ConfirmationOptions } from "./confirmation.ts";
import type { Exchange } from "./exchange.ts";
import type { Message } from "./message.ts";
import { isRefusal, meaningOf, refusalOf } from "./protocol_errors.ts";
import type { WireError } from "./protocol_errors.ts";
import { listing, resultOf, toResult } from "./tool_views.ts";

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
  /** Makes it durable that the call is about to have its effect; throws where that cannot be. */
  readonly intend: (exchange: Exchange) => Promise<void>;
  readonly confirmation: ConfirmationOptions;
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

/** Builds the dispatcher that serves the registry. */
export function createMcp(options: McpOptions): McpDispatcher {
  const listed = new Map(options.registry.tools.map((tool) => [tool.name, listing(tool)]));
  const sharedList = options.visibility === "all";
  const { confirmation } = options;
  const states = createRequestStateCodec<Asked>({
    key: confirmation.key,
    ttlSeconds: QUESTION_TTL_SECONDS,
    bind: (context) => bindingOf(callOf(context.http?.authInfo)),
  });

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
      call.exchange.result = { decision: "deny", reason: "unknown_tool", isError: true };
      throw invalidParams(call, "Unknown tool");
    }
    const { exchange, principal } = call;
    const canAsk = canAskPerson(call.message);
    const answer = await answerOf(call, context);
    const outcome = await options.execute({
      tool,
      input,
      principal,
      requestId: exchange.id,
      signal: exchange.live
        ? AbortSignal.any([context.mcpReq.signal, exchange.live.work])
        : context.mcpReq.signal,
      canAsk,
      answer,
      progress: (progress) => notifyProgress(context, progress),
      intend: () => options.intend(exchange),
    });
    exchange.result = resultOf(outcome);
    if (!outcome.ok && outcome.cause.code === "internal") {
      options.onUnexpected(outcome.cause.cause ?? outcome.cause, exchange.id);
    }
    if (canAsk && !outcome.ok && outcome.question !== undefined) {
      return ask(outcome.question, context);
    }
    return toResult(outcome, exchange, options.policy);
  }

  /** What a person said to a question of ours about this call; anything that we did not ask is not looked at (H195). */
  async function answerOf(call: Call, context: ServerContext): Promise<Answer | undefined> {
    const state = context.mcpReq.requestState<string>();
    if (state === undefined) return undefined;
    try {
      const asked = await states.verify(state, context);
      if (await redeem(asked, confirmation)) {
        const response = inputResponse(context.mcpReq.inputResponses, QUESTION_KEY);
        if (response.kind !== "elicit") return undefined;
        return { action: response.action, question: asked.question };
      }
    } catch (error) {
      // The codec throws bare reasons; what is ours is a store that cannot tell a replay.
      if (error instanceof AppError) options.onUnexpected(error.cause ?? error, call.exchange.id);
    }
    call.exchange.result = { decision: "deny", reason: "request_state", isError: true };
    throw invalidParams(call, "The requestState is not good for this call; call again without it");
  }

  async function ask(question: string, context: ServerContext) {
    return inputRequired({
      inputRequests: {
        [QUESTION_KEY]: inputRequired.elicit({
          message: question,
          // No fields: to accept is the answer, and nothing can be left at a default.
          requestedSchema: { type: "object", properties: {} },
        }),
      },
      requestState: await states.mint(askedFor(question, confirmation.now()), context),
    });
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

/** The dispatcher puts it there. */
function callOf(authInfo: AuthInfo | undefined): Call {
  return authInfo?.extra?.["call"] as Call;
}

const QUESTION_KEY = "confirmation";

type Served = Awaited<ReturnType<McpServerFactory>>;

/** Wraps the SDK's handler: what goes in has no credential, what comes out has no stranger's error text. */
export function createDispatcher(
  serve: (call: Call) => ReturnType<McpServerFactory>,
): McpDispatcher {
  const handler = createMcpHandler(async (context) => {
    const call = callOf(context.authInfo);
    return withOurErrors(await serve(call), call.exchange);
  }, { keepAliveMs: 5000 });
  return {
    async dispatch(exchange, message, principal) {
      const response = await handler.fetch(requestForHandlers(exchange.request), {
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

/** What the SDK answers in the place of a handler gets our words, in a body and in a stream. */
function withOurErrors(server: Served, exchange: Exchange): Served {
  const connect = server.connect.bind(server);
  server.connect = (transport: Transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      if (!("error" in message)) return send(message, options);
      exchange.result ??= { decision: "deny", reason: "protocol", isError: true };
      const { code, message: text, data } = message.error as WireError;
      exchange.rpcCode = code;
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

/** An error of ours: the request's id in its data tells it from those of the SDK. */
function invalidParams({ exchange }: Call, message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message, { request_id: exchange.id });
}

/** The SDK gives the request to handlers; the token ends here. */
function requestForHandlers(request: Request): Request {
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
