/** A remote server that a test scripts: the MCP endpoint, its metadata and its issuer, on one real socket. */

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What came in. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface Script {
  /** Answers the MCP endpoint; undefined where it wrote to the response itself. */
  mcp(
    received: Received,
    response: ServerResponse,
  ): Answer | undefined | Promise<Answer | undefined>;
  /** Answers the token endpoint; without it `token-1`, `token-2` and so on for what was asked. */
  token?(form: URLSearchParams, received: Received): Answer | undefined;
  /** Changes to the metadata of the resource. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly issuerMetadata?: Readonly<Record<string, unknown>>;
}

export interface Remote {
  readonly origin: string;
  /** The MCP endpoint. */
  readonly url: URL;
  readonly calls: readonly Received[];
  readonly tokenRequests: readonly URLSearchParams[];
  /** A challenge with these parameters. */
  challenge(parameters: string): Readonly<Record<string, string>>;
}

/** Runs a test against a scripted remote. */
export async function withRemote(
  script: Script,
  test: (remote: Remote) => Promise<void>,
): Promise<void> {
  const calls: Received[] = [];
  const tokenRequests: URLSearchParams[] = [];
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { method = "", url: path = "", headers } = request;
    const answer = await answerTo({ method, path, headers, body }, response);
    if (answer === undefined) return;
    const isText = typeof answer.body === "string";
    response.writeHead(answer.status ?? 200, {
      ...(isText ? {} : { "content-type": "application/json" }),
      ...answer.headers,
    });
    response.end(isText ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const url = new URL("/mcp", origin);

  function answerTo(received: Received, response: ServerResponse) {
    switch (received.path) {
      case "/mcp":
        calls.push(received);
        return script.mcp(received, response);
      case "/.well-known/oauth-protected-resource/mcp":
        return {
          body: { resource: url.href, authorization_servers: [origin], ...script.metadata },
        };
      case "/.well-known/oauth-authorization-server":
        return {
          body: { issuer: origin, token_endpoint: `${origin}/token`, ...script.issuerMetadata },
        };
      case "/token": {
        const form = new URLSearchParams(received.body);
        tokenRequests.push(form);
        return script.token?.(form, received) ?? {
          body: {
            access_token: `token-${tokenRequests.length}`,
            token_type: "Bearer",
            expires_in: 300,
            ...(form.has("scope") ? { scope: form.get("scope") } : {}),
          },
        };
      }
      default:
        return { status: 404 };
    }
  }

  try {
    await test({
      origin,
      url,
      calls,
      tokenRequests,
      challenge: (parameters) => ({ "www-authenticate": `Bearer ${parameters}` }),
    });
  } finally {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
}

/** The response to the request in a body. */
export function resultFor({ body }: Received, result: unknown = {}): Answer {
  return { body: { jsonrpc: "2.0", id: JSON.parse(body).id, result } };
}
