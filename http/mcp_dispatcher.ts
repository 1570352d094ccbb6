/** Hands messages to the SDK and back: what goes in has no credential, what comes out has no stranger's words. */

import { createMcpHandler } from "@modelcontextprotocol/server";
import type { AuthInfo, McpServerFactory, Transport } from "@modelcontextprotocol/server";
import { AppError } from "../errors.ts";
import type { Principal } from "../auth/principal.ts";
import type { ChangeBus } from "./change_bus.ts";
import type { Exchange } from "./exchange.ts";
import type { Message } from "./message.ts";
import { isRefusal, meaningOf, refusalOf } from "./protocol_errors.ts";
import type { WireError } from "./protocol_errors.ts";

/** Hands an authorized message to the protocol implementation. */
export interface McpDispatcher {
  dispatch(exchange: Exchange, message: Message, principal: Principal): Promise<Response>;
  /** Ends every open subscription with the protocol's result, and takes no more. */
  endSubscriptions(): Promise<void>;
  /** Ends what is still running. */
  close(): Promise<void>;
}

/** What a server factory knows of the request that it serves. */
export interface Call {
  readonly exchange: Exchange;
  readonly message: Message;
  readonly principal: Principal;
}

/** The dispatcher puts it there. */
export function callOf(authInfo: AuthInfo | undefined): Call {
  return authInfo?.extra?.["call"] as Call;
}

type Served = Awaited<ReturnType<McpServerFactory>>;

/** Wraps the SDK's handler: what goes in has no credential, what comes out has no stranger's error text. */
export function createDispatcher(
  serve: (call: Call) => ReturnType<McpServerFactory>,
  bus?: ChangeBus,
): McpDispatcher {
  const factory: McpServerFactory = async (context) => {
    const call = callOf(context.authInfo);
    return withOurErrors(await serve(call), call.exchange);
  };
  const settings = { keepAliveMs: 5000, ...(bus && { bus }) };
  const handler = createMcpHandler(factory, settings);
  // Of their own, as the SDK ends them with a result in no other way than by closing their handler.
  const subscriptions = createMcpHandler(factory, settings);
  let takesSubscriptions = true;

  async function endSubscriptions(): Promise<void> {
    takesSubscriptions = false;
    await subscriptions.close();
  }

  return {
    async dispatch(exchange, message, principal) {
      const listens = message.method === "subscriptions/listen";
      if (listens && !takesSubscriptions) throw noSubscription();
      const response = await (listens ? subscriptions : handler).fetch(
        requestForHandlers(exchange.request),
        {
          parsedBody: message.body,
          authInfo: {
            token: "",
            clientId: principal.clientId,
            scopes: [...principal.scopes],
            extra: { call: { exchange, message, principal } satisfies Call },
          },
        },
      );
      if (!isRefusal(response, message)) return response;
      const refusal = await refusalOf(response, message);
      // There is one such failure of a subscription: the SDK holds no more of them at once.
      throw listens && refusal.code === -32603 ? noSubscription() : refusal;
    },
    endSubscriptions,
    async close() {
      await endSubscriptions();
      await handler.close();
    },
  };
}

function noSubscription(): AppError {
  return new AppError("unavailable", "No more subscriptions are taken now; try again in a moment", {
    reason: "subscriptions",
    retryAfterSeconds: 5,
  });
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
        // A client knows a resource that is not there by data which is its URI alone (observed: the v2 SDK).
        data: isOurs && data["uri"] !== undefined
          ? { uri: data["uri"] }
          : { ...data, request_id: exchange.id },
      };
      return send({ ...message, error }, options);
    };
    return connect(transport);
  };
  return server;
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
