import { connect } from "node:net";
import type { Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { needs, program, startProcess } from "../support/process.ts";

const OPEN_FILES = 100;

for (const runtime of ["deno", "bun"] as const) {
  test(
    `listener: ${runtime} outlives having no file left for a connection (H115)`,
    needs(runtime),
    async () => {
      const limited = ["sh", "-c", `ulimit -n ${OPEN_FILES}; exec "$@"`, "sh"];
      const { PATH = "", HOME = "" } = process.env;
      const server = await startProcess({
        command: [...limited, ...program(runtime)],
        env: { PATH, HOME },
      });
      const sockets: Socket[] = [];
      try {
        await Promise.all(Array.from({ length: OPEN_FILES }, () => open(server.port, sockets)));
        for (const socket of sockets) socket.destroy();
        assert(await answersAgain(`${server.url}/healthz`));
      } finally {
        for (const socket of sockets) socket.destroy();
        assertEquals(await server.stop(), 0);
      }
    },
  );
}

/** Resolves when the connection is there or is refused. */
function open(port: number, sockets: Socket[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", resolve);
    socket.on("error", () => resolve());
    sockets.push(socket);
  });
}

async function answersAgain(url: string): Promise<boolean> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    try {
      return (await fetch(url)).ok;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return false;
}
