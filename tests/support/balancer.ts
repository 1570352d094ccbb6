/** A small load balancer in front of several servers: each request goes to the next one that lives. */

import { Buffer } from "node:buffer";
import { createServer, request as send } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Balancer {
  readonly origin: string;
  /** Which ports requests go to from now on, in turn. */
  use(...ports: readonly number[]): void;
  stop(): Promise<void>;
}

/** Names the port that answered. */
export const SERVED_BY = "x-served-by";

/** Starts to listen on a free port; nobody is behind it until `use()`. */
export async function startBalancer(): Promise<Balancer> {
  let ports: readonly number[] = [];
  let turn = 0;

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    for (let tries = 0; tries < ports.length; tries++) {
      const port = ports[turn++ % ports.length]!;
      const answer = await forward(request, body, port);
      // Nothing was sent to one that does not listen, so another may have it.
      if (answer === "refused") continue;
      if (answer === "lost") break;
      response.writeHead(answer.statusCode!, { ...answer.headers, [SERVED_BY]: String(port) });
      // Half an answer must not look like a whole one.
      answer.on("error", () => response.destroy());
      answer.on("aborted", () => response.destroy());
      answer.pipe(response);
      return;
    }
    response.writeHead(502).end();
  }

  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    use: (...given) => void (ports = given),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  port: number,
): Promise<IncomingMessage | "refused" | "lost"> {
  return new Promise((resolve) => {
    const outgoing = send({
      host: "127.0.0.1",
      port,
      agent: false,
      ...(method !== undefined && { method }),
      ...(url !== undefined && { path: url }),
      headers: { ...headers, connection: "close" },
    });
    outgoing.on("response", resolve);
    outgoing.on("error", (error) => {
      resolve((error as { code?: string }).code === "ECONNREFUSED" ? "refused" : "lost");
    });
    outgoing.end(body);
  });
}
