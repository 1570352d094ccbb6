/** Servers that tools call, and their authorization server, on real sockets: they keep what they were sent. */

import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createLocalJWKSet, jwtVerify } from "jose";
import type { JWK } from "jose";

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Everything of it, for who looks for what must not be in it. */
  readonly text: string;
}

export interface Canary {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly Seen[];
  /** Connections that were opened, used or not. */
  readonly connections: number;
  /** Requests whose connection was closed before they were answered. */
  readonly abandoned: number;
  /** Changes how it answers. */
  answer: (request: Seen, response: ServerResponse) => void;
  stop(): Promise<void>;
}

/** Starts a server that answers JSON about each request, unless told otherwise. */
export async function startCanary(answer?: Canary["answer"]): Promise<Canary> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let abandoned = 0;
  const canary = {
    answer: answer ??
      ((request: Seen, response: ServerResponse) => {
        response.writeHead(200, { "content-type": "application/json", "set-cookie": "a=b" });
        response.end(JSON.stringify({ method: request.method, url: request.url }));
      }),
  };
  const http = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers, rawHeaders } = request;
      const body = Buffer.concat(chunks).toString("utf8");
      const text = [method, url, ...rawHeaders, body].join("\n");
      const kept = { method, url, headers, body, text };
      seen.push(kept);
      response.on("close", () => {
        if (!response.writableFinished) abandoned += 1;
      });
      canary.answer(kept, response);
    });
  });
  http.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return Object.defineProperties(canary, {
    url: { value: `http://127.0.0.1:${port}` },
    port: { value: port },
    seen: { value: seen },
    connections: { get: () => connections },
    abandoned: { get: () => abandoned },
    stop: {
      value: () =>
        new Promise<void>((resolve) => {
          http.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    },
  }) as Canary;
}

export interface TokenServer extends Canary {
  readonly tokenUrl: string;
  /** Access tokens that were issued, oldest first. */
  readonly issued: readonly string[];
  /** Parameters of the token requests, oldest first. */
  readonly grants: readonly Readonly<Record<string, string>>[];
  /** Members of the answers instead of the usual ones; `undefined` removes one. */
  changes: Record<string, unknown>;
  /** Answers this instead of a token. */
  refusal: { readonly status: number; readonly body: unknown } | undefined;
}

export const UPSTREAM_CLIENT = { clientId: "gatehouse", clientSecret: "upstream-secret-of-ours" };

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

/**
 * Starts a small authorization server with client credentials and token exchange (RFC 8693).
 *
 * It verifies subject tokens under the keys of `subjects`, and refuses clients that it does not know.
 */
export async function startTokenServer(
  subjects: { readonly jwks: { keys: JWK[] } } = { jwks: { keys: [] } },
): Promise<TokenServer> {
  const issued: string[] = [];
  const grants: Record<string, string>[] = [];
  const state: Pick<TokenServer, "changes" | "refusal"> = { changes: {}, refusal: undefined };
  const keys = createLocalJWKSet(subjects.jwks);
  const json = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const isKnown = ({ headers }: Seen, parameters: Record<string, string>) => {
    if (parameters["client_assertion"] !== undefined) return true;
    const { clientId, clientSecret } = UPSTREAM_CLIENT;
    const encoded = [clientId, clientSecret]
      .map((part) => encodeURIComponent(part).replace(/[-_.!~*'()]/g, percent)).join(":");
    return headers.authorization === `Basic ${btoa(encoded)}`;
  };
  const server = await startCanary(async (request, response) => {
    if (request.url.startsWith("/.well-known/")) {
      return json(response, 200, { issuer: server.url, token_endpoint: `${server.url}/token` });
    }
    const parameters = Object.fromEntries(new URLSearchParams(request.body));
    grants.push(parameters);
    if (state.refusal) return json(response, state.refusal.status, state.refusal.body);
    if (!isKnown(request, parameters)) return json(response, 401, { error: "invalid_client" });
    const isExchange = parameters["grant_type"] === EXCHANGE;
    if (isExchange) {
      if (parameters["subject_token_type"] !== ACCESS_TOKEN) {
        return json(response, 400, { error: "invalid_request" });
      }
      const verified = await jwtVerify(parameters["subject_token"]!, keys).catch(() => undefined);
      if (!verified) return json(response, 400, { error: "invalid_request" });
    }
    const token = `upstream-token-${issued.length + 1}-${crypto.randomUUID()}`;
    issued.push(token);
    json(response, 200, {
      access_token: token,
      token_type: "Bearer",
      expires_in: 300,
      ...(isExchange && { issued_token_type: ACCESS_TOKEN }),
      ...state.changes,
    });
  });
  Object.defineProperties(server, {
    tokenUrl: { value: `${server.url}/token` },
    issued: { value: issued },
    grants: { value: grants },
    changes: {
      get: () => state.changes,
      set: (changes) => void (state.changes = changes),
    },
    refusal: {
      get: () => state.refusal,
      set: (refusal) => void (state.refusal = refusal),
    },
  });
  return server as TokenServer;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
