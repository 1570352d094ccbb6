/** The authorization server's listener: which path answers whom, under which name, and what every answer carries. */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { InteractionHandler } from "./interaction.ts";
import type { Provider } from "./library.ts";
import { METADATA_PATHS, PATHS } from "./metadata.ts";
import { describeFailure, outageOf } from "./outage.ts";
import { errorPage, PAGE_HEADERS } from "./page.ts";

export interface ServerOptions {
  readonly issuer: string;
  readonly host: string;
  readonly port: number;
  /** Refuses requests under any other name, against DNS rebinding: where nobody signs in, a page under a foreign name could decide. */
  readonly strictHost: boolean;
  readonly metadata: Record<string, unknown>;
  readonly provider: Provider;
  readonly interact: InteractionHandler;
  /** Runs before a registration; returns the seconds to wait where there can be none. */
  readonly admitRegistration: () => Promise<number | undefined>;
  readonly log: (message: string, properties?: Record<string, unknown>) => void;
}

export interface RunningServer {
  readonly port: number;
  stop(): Promise<void>;
}

interface Route {
  readonly methods: readonly string[];
  /** `api` is for programs, also those in any browser page (R90); `page` is for a person's browser. */
  readonly kind: "api" | "page";
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
}

const API_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "WWW-Authenticate, Retry-After",
  "x-content-type-options": "nosniff",
};
const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-headers": "authorization, content-type, accept, dpop, mcp-protocol-version",
  "access-control-max-age": "600",
};
const UID = /^\/(?:authorize|interaction)\/[A-Za-z0-9_-]{20,64}$/;

/** Starts to listen; resolves once connections are accepted. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { issuer, strictHost, provider, log } = options;
  const { host, protocol } = new URL(issuer);
  const find = createRouter(options, provider.callback());

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = splitTarget(request.url ?? "/");
    if (strictHost && request.headers.host?.toLowerCase() !== host) {
      return refuse(response, 421, "invalid_request", `This server answers as ${host} only`);
    }
    // The library builds its URLs from the request, and these have one right form.
    request.headers.host = host;
    request.headers["x-forwarded-proto"] = protocol.slice(0, -1);
    delete request.headers["x-forwarded-host"];

    const route = find(path);
    if (!route) return refuse(response, 404, "not_found", "There is nothing at this path");
    setHeaders(response, route.kind === "api" ? API_HEADERS : PAGE_HEADERS);
    if (route.kind === "api" && request.method === "OPTIONS") {
      setHeaders(response, PREFLIGHT_HEADERS);
      response.writeHead(204, { "access-control-allow-methods": route.methods.join(", ") }).end();
      return;
    }
    if (!route.methods.includes(request.method ?? "")) {
      response.setHeader("allow", route.methods.join(", "));
      return refuse(response, 405, "invalid_request", "This method is not allowed here");
    }
    if (route.kind === "api" && request.method === "POST" && query) {
      return refuse(response, 400, "invalid_request", "Send the parameters in the body");
    }
    // Node takes the first of two and is silent about the other, which an intermediary may have looked at.
    if ((request.headersDistinct["authorization"]?.length ?? 0) > 1) {
      return refuse(response, 400, "invalid_request", "Send one Authorization header");
    }
    await route.handle(request, response);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      log("The authorization server failed", describeFailure(error));
      if (response.headersSent) return void response.destroy();
      const outage = outageOf(error);
      if (outage) {
        response.setHeader("retry-after", String(outage.retryAfterSeconds));
        return refuse(response, 503, outage.error, outage.description);
      }
      refuse(response, 500, "server_error", "Something went wrong here");
    });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  const port = await listen(server, options);
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createRouter(
  options: ServerOptions,
  library: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): (path: string) => Route | undefined {
  const { metadata, interact, admitRegistration } = options;
  const post: Route = { methods: ["POST"], kind: "api", handle: library };
  const see: Route = { methods: ["GET", "HEAD"], kind: "page", handle: library };
  const document: Route = {
    methods: ["GET", "HEAD"],
    kind: "api",
    handle(_, response) {
      response.setHeader("cache-control", "public, max-age=300");
      sendJson(response, 200, metadata);
    },
  };
  const register: Route = {
    ...post,
    async handle(request, response) {
      const wait = await admitRegistration();
      if (wait === undefined) return await library(request, response);
      response.setHeader("retry-after", String(wait));
      refuse(response, 429, "temporarily_unavailable", "Too many registrations; try again later");
    },
  };
  const routes = new Map<string, Route>([
    ...METADATA_PATHS.map((path) => [path, document] as const),
    [PATHS.jwks, { ...see, kind: "api" }],
    [PATHS.token, post],
    [PATHS.revocation, post],
    [PATHS.registration, register],
    [PATHS.authorization, see],
    // Where somebody signs in as another user, the library ends the earlier session first.
    ["/session/end/confirm", { ...see, methods: ["POST"] }],
  ]);
  if (metadata["registration_endpoint"] === undefined) routes.delete(PATHS.registration);
  return (path) => {
    if (!UID.test(path)) return routes.get(path);
    if (path.startsWith(`${PATHS.authorization}/`)) return see;
    const uid = path.slice("/interaction/".length);
    return {
      methods: ["GET", "POST"],
      kind: "page",
      handle: (request, response) => interact(request, response, uid),
    };
  };
}

function splitTarget(target: string): { path: string; query: boolean } {
  const at = target.indexOf("?");
  return at === -1 ? { path: target, query: false } : { path: target.slice(0, at), query: true };
}

/** Says no before the library is asked: to a program in JSON (RFC 6749 section 5.2), to a person on a page. */
function refuse(
  response: ServerResponse,
  status: number,
  error: string,
  error_description: string,
): void {
  if (response.getHeader("content-security-policy") === undefined) {
    response.setHeader("cache-control", "no-store");
    return sendJson(response, status, { error, error_description });
  }
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" });
  response.end(errorPage(error));
}

function sendJson(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function listen(server: Server, { host, port }: ServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
