/** The Model Context Protocol behind the pipeline: what each message is answered with. */

import {
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  Server,
} from "@modelcontextprotocol/server";
import type { ServerContext } from "@modelcontextprotocol/server";
import { AppError } from "../errors.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Answer, ToolCall, ToolOutcome } from "../tools/execute.ts";
import type { Progress, Registry } from "../tools/registry.ts";
import type { ChangeBus } from "./change_bus.ts";
import { askedFor, bindingOf, canAskPerson, QUESTION_TTL_SECONDS, redeem } from "./confirmation.ts";
import type { Asked, ConfirmationOptions } from "./confirmation.ts";
import type { Exchange } from "./exchange.ts";
import { callOf, createDispatcher } from "./mcp_dispatcher.ts";
import type { Call, McpDispatcher } from "./mcp_dispatcher.ts";
import { invalidParams } from "./mcp_errors.ts";
import { serveOffer } from "./mcp_offer.ts";
import { RpcError } from "./message.ts";
import { asksForUnknown } from "./offer.ts";
import type { Offer } from "./offer.ts";
import { noteUpstream } from "./record.ts";
import { listing, resultOf, toResult } from "./tool_views.ts";

export type { McpDispatcher } from "./mcp_dispatcher.ts";

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
  /** Resources and prompts; without it there are none. */
  readonly offer?: Offer;
  /** Where subscriptions take their notifications from; without it there is nothing to subscribe to. */
  readonly changes?: ChangeBus;
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

/** Builds the dispatcher that serves the registry. */
export function createMcp(options: McpOptions): McpDispatcher {
  const listed = new Map(options.registry.tools.map((tool) => [tool.name, listing(tool)]));
  // A filtered list grows when its caller steps up, and soon should in the caller's eyes.
  const listHint = options.visibility === "all"
    ? { ttlMs: 60_000, cacheScope: "public" } as const
    : { ttlMs: 5_000, cacheScope: "private" } as const;
  const { confirmation, offer, changes, policy } = options;
  const states = createRequestStateCodec<Asked>({
    key: confirmation.key,
    ttlSeconds: QUESTION_TTL_SECONDS,
    bind: (context) => bindingOf(callOf(context.http?.authInfo)),
  });

  function shows(principal: Principal, scopes: readonly string[]): boolean {
    return options.visibility === "all" ||
      (options.visibility === "auto" && principal.kind === "user") ||
      policy.missing(principal.scopes, scopes).length === 0;
  }

  /** What changes and can be subscribed to: to a subscriber, what it may hear of; in the first eras there is no way to tell. */
  function capabilitiesFor({ message, principal }: Call) {
    const tells = message.era === "modern" && changes !== undefined;
    const lists = offer?.resources.all.some(({ list, scopes }) =>
      list !== undefined && (message.method !== "subscriptions/listen" ||
        policy.missing(principal.scopes, scopes).length === 0)
    );
    return {
      tools: { listChanged: tells },
      ...(offer && {
        resources: { listChanged: tells && lists === true, subscribe: tells },
        prompts: { listChanged: tells },
        completions: {},
      }),
      extensions: { "io.modelcontextprotocol/oauth-client-credentials": {} },
    };
  }

  async function callTool(call: Call, context: ServerContext, name: string, input: unknown) {
    const tool = options.registry.get(name);
    if (tool === undefined) {
      call.exchange.result = { decision: "deny", reason: "unknown_tool", isError: true };
      throw invalidParams(call.exchange, "Unknown tool");
    }
    // Who has left already is recorded as such, so nothing may run for them.
    context.mcpReq.signal.throwIfAborted();
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
      subject: exchange.subject,
      onUpstream: (call) => noteUpstream(exchange, call),
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
    throw invalidParams(
      call.exchange,
      "The requestState is not good for this call; call again without it",
    );
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
  const dispatcher = createDispatcher((call) => {
    const { principal } = call;
    const server = new Server({ name: options.name, version: options.version }, {
      capabilities: capabilitiesFor(call),
      instructions: options.instructions,
      cacheHints: {
        "server/discover": { ttlMs: 3_600_000, cacheScope: "public" },
        "tools/list": listHint,
        "prompts/list": listHint,
        "resources/templates/list": listHint,
        // What they hold is of those who may read it (R61).
        "resources/list": { ttlMs: 5_000, cacheScope: "private" },
        "resources/read": { ttlMs: 5_000, cacheScope: "private" },
      },
    });
    if (offer) {
      const showsScopes = (scopes: readonly string[]) => shows(principal, scopes);
      serveOffer(server, call, { offer, shows: showsScopes, onUnexpected: options.onUnexpected });
    }
    server.setRequestHandler("tools/list", (request) => {
      if (request.params?.cursor !== undefined) {
        throw invalidParams(call.exchange, "The list has one page; call again without a cursor");
      }
      const visible = options.registry.tools.filter(({ scopes }) => shows(principal, scopes));
      return { tools: visible.map(({ name }) => listed.get(name)) as never };
    });
    server.setRequestHandler(
      "tools/call",
      ({ params }, context) =>
        executing(call.exchange, () => callTool(call, context, params.name, params.arguments)),
    );
    return server;
  }, changes);
  return {
    ...dispatcher,
    dispatch(exchange, message, principal) {
      const isUnknown = message.method === "subscriptions/listen" && offer !== undefined &&
        asksForUnknown(offer, message.params ?? {});
      if (!isUnknown) return dispatcher.dispatch(exchange, message, principal);
      const text = "Invalid params: resourceSubscriptions names a resource that is not served here";
      throw new RpcError(400, -32602, text, "unknown_resource", { id: message.id });
    },
  };
}

/** Lets the record of a call wait for what comes of it, also where its caller does not wait any more. */
function executing<Result>(exchange: Exchange, work: () => Promise<Result>): Promise<Result> {
  const working = work();
  const settle = () => void delete exchange.execution;
  exchange.execution = working.then(settle, settle);
  return working;
}

const QUESTION_KEY = "confirmation";

/** A caller that has gone away must not make a handler fail between two committed steps; its signal tells it. */
async function notifyProgress(context: ServerContext, progress: Progress): Promise<void> {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined || context.mcpReq.signal.aborted) return;
  await context.mcpReq.notify({
    method: "notifications/progress",
    params: { progressToken, ...progress },
  }).catch(() => {});
}
