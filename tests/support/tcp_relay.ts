/** A TCP relay in front of a real service, so that a test can take the service away from one server alone. */

import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export interface Relay {
  readonly port: number;
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Lets connections be, and passes nothing on. */
  hang(): void;
  /** Serves again, on the same port. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRelay(target: number): Promise<Relay> {
  const open = new Set<Socket>();
  let hanging = false;
  const track = (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {});
  };
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]] as const) {
      track(from);
      from.on("data", (chunk) => {
        if (!hanging) to.write(chunk);
      });
      from.on("close", () => to.destroy());
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    cut,
    hang() {
      hanging = true;
    },
    async restore() {
      hanging = false;
      for (const socket of open) socket.destroy();
      if (!server.listening) await listen(port);
    },
    stop: () => server.listening ? cut() : Promise.resolve(),
  };
}
