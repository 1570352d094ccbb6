/** A TCP proxy in front of a server, for tests that take the server away and bring it back. */

import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Passes nothing on any more, in either direction, and keeps the connections. */
  freeze(): void;
  /** Passes on what clients send, and nothing that comes back, until `start()`. */
  mute(): void;
  /** Ends the clients' connections and not the server's, as a network does that is gone; new ones are let through. */
  strand(): void;
  /** Ends all connections and listens no more. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const stranded = new Set<Socket>();
  let frozen = false;
  let muted = false;
  const server = createServer((inner) => {
    const outer = connect(target.port, target.host);
    clients.add(inner);
    for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
      sockets.add(from);
      from.on("data", (chunk) => {
        if (!frozen && !(muted && from === outer)) to.write(chunk);
      });
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        clients.delete(from);
        if (!stranded.has(from)) to.destroy();
      });
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    freeze: () => void (frozen = true),
    mute: () => void (muted = true),
    strand() {
      for (const client of clients) {
        stranded.add(client);
        client.destroy();
      }
    },
    async start() {
      [frozen, muted] = [false, false];
      if (!server.listening) await listen(port);
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
