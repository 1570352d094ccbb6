/** The Caddy file in front of live servers: what it bounds that a runtime does not, and instances that come and go. */

import { connect } from "node:net";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { startProxy } from "../abuse/proxy.ts";
import { freePort, startIssuer, startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";
import { DEPLOY, needsProgram } from "./files.ts";

/** Bun gives a test five seconds where it is not told otherwise. */
const caddy = { timeout: 90_000, ...needsProgram("caddy", "version") };

test(
  "Caddy takes the file, with the names of one machine and with those of compose.yaml",
  caddy,
  () => {
    for (const env of [{}, { DOMAIN: "mcp.example.org", UPSTREAMS: "a:8000 b:8000" }]) {
      const { status, stderr } = spawnSync(
        "caddy",
        ["validate", "--adapter", "caddyfile", "--config", join(DEPLOY, "Caddyfile")],
        { encoding: "utf8", env: { ...process.env, ...env } },
      );
      assertEquals(status, 0, stderr);
    }
  },
);

test(
  "a client that never ends its headers is cut off by Caddy and never reaches the server",
  caddy,
  async () => {
    const port = await freePort();
    const server = await startServer({ env: { GATEHOUSE_URL: `http://localhost:${port}` } });
    const proxy = await startProxy("caddy", { port, target: server.port });
    try {
      const seen = () =>
        server.lines.filter(({ properties }) => properties["path"] === "/slow").length;
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(`GET /slow HTTP/1.1\r\nHost: localhost:${port}\r\n`);
      const dribble = setInterval(() => socket.write("X-Slow: 1\r\n"), 500);
      const cut = await new Promise<boolean>((resolve) => {
        const late = setTimeout(() => resolve(false), 60_000);
        socket.once("close", () => {
          clearTimeout(late);
          resolve(true);
        });
        socket.resume();
      });
      clearInterval(dribble);
      socket.destroy();
      assert(cut, "the connection was still open after a minute");
      assertEquals(seen(), 0);
      // Whoever is not slow got through all the same.
      assertEquals((await fetch(`http://localhost:${port}/healthz`)).status, 200);
    } finally {
      await proxy.stop();
      await server.stop();
    }
  },
);

interface Scene {
  readonly servers: readonly RunningServer[];
  /** Sends one call, and returns its status. */
  call(): Promise<number>;
  /** How many calls reached each instance. */
  reached(): readonly number[];
}

/** Three instances behind Caddy; the test stops the first. */
async function withInstances(body: (scene: Scene) => Promise<void>): Promise<void> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const issuer = await startIssuer(`${url}/mcp`);
  const env = {
    GATEHOUSE_URL: url,
    GATEHOUSE_ISSUER: issuer.issuer,
    GATEHOUSE_JWKS_URI: issuer.jwksUri,
    GATEHOUSE_TRUSTED_PROXIES: "127.0.0.1",
  };
  const servers = [
    await startServer({ env }),
    await startServer({ env }),
    await startServer({ env }),
  ];
  const proxy = await startProxy("caddy", { port, target: servers.map((server) => server.port) });
  const token = await issuer.token();
  const at = (path: string) => (server: RunningServer) =>
    server.lines.filter(({ properties }) => properties["path"] === path).length;
  try {
    await body({
      servers,
      reached: () => servers.map(at("/mcp")),
      async call() {
        const response = await fetch(`${url}/mcp`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
          },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
        });
        await response.text();
        return response.status;
      },
    });
  } finally {
    await proxy.stop();
    for (const server of servers.slice(1)) await server.stop();
    await issuer.stop();
  }
}

test(
  "behind Caddy each instance gets its share, and one that stops is passed over before it is gone",
  caddy,
  () =>
    withInstances(async ({ servers, call, reached }) => {
      for (let round = 0; round < 12; round += 1) assertEquals(await call(), 200);
      assertEquals(reached(), [4, 4, 4]);

      // drainDelayMs in miniature: it still answers what comes.
      const [stopped] = servers;
      stopped!.app.stopping();
      let before: readonly number[];
      let batches = 0;
      do {
        assert((batches += 1) < 1000, "Caddy never noticed");
        before = reached();
        for (let round = 0; round < 6; round += 1) assertEquals(await call(), 200);
      } while (reached()[0] !== before[0]);
      await stopped!.stop();
      for (let round = 0; round < 12; round += 1) assertEquals(await call(), 200);
      assertEquals(reached()[0], before[0]);
    }),
);

test(
  "an instance that dies without a word costs a call or two, and not those that follow",
  caddy,
  () =>
    withInstances(async ({ servers, call }) => {
      for (let round = 0; round < 6; round += 1) assertEquals(await call(), 200);
      await servers[0]!.stop();
      const statuses: number[] = [];
      for (let round = 0; round < 24; round += 1) statuses.push(await call());
      const lost = statuses.filter((status) => status !== 200);
      assert(lost.length <= 3, statuses.join(" "));
      assertEquals(lost.filter((status) => status !== 502), []);
    }),
);
