/** A reverse proxy that adds an access token to each request without one, since the suite has no option to send it. */

import { createServer, request as send } from "node:http";

export interface Proxy {
  stop(): Promise<void>;
}

export interface ProxyOptions {
  readonly port: number;
  /** The port on loopback that everything goes to. */
  readonly target: number;
  token(): Promise<string>;
}

/** Starts to forward. Host and Origin stay as the caller sent them, so that the server behind decides about them. */
export async function startProxy({ port, target, token }: ProxyOptions): Promise<Proxy> {
  const server = createServer(async (incoming, outgoing) => {
    const authorization = incoming.headers.authorization ?? `Bearer ${await token()}`;
    const forwarded = send({
      host: "127.0.0.1",
      port: target,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, authorization },
      agent: false,
    }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
