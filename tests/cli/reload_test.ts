/** What two reloads at once, one that is refused, and one that runs when the server stops must not do. */

import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { createReloader } from "../../cli/reload.ts";
import type { Config } from "../../cli/config_schema.ts";
import { AppError } from "../../errors.ts";
import { startIssuer, startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";

const silent = { debug() {}, info() {}, warning() {}, error() {} };
const now = () => new Date();

async function withServer(body: (server: RunningServer) => Promise<void>): Promise<void> {
  const issuer = await startIssuer("api://reload");
  const server = await startServer({
    env: {
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      GATEHOUSE_AUDIENCE: "api://reload",
    },
  });
  try {
    await body(server);
  } finally {
    await server.stop();
    await issuer.stop();
  }
}

/** A configuration file that is read as slowly as the test wants. */
function slowFile(config: () => Config) {
  const state = { reads: 0, atOnce: 0, most: 0, finish: () => {} };
  const read = async () => {
    state.reads += 1;
    state.most = Math.max(state.most, ++state.atOnce);
    await new Promise<void>((resolve) => (state.finish = resolve));
    state.atOnce -= 1;
    return config();
  };
  return { state, read };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

test("reloads do not run at once, and a flood of signals is one more", () =>
  withServer(async ({ app }) => {
    const versions = ["all", "granted"] as const;
    const { state, read } = slowFile(() => ({
      ...app.config,
      toolVisibility: versions[state.reads - 1]!,
    }));
    const reloader = createReloader(app, read, { logger: silent, now });
    for (let signal = 0; signal < 50; signal += 1) reloader.request();
    for (let file = 0; file < 2; file += 1) {
      await turn();
      assertEquals([state.reads, state.most], [file + 1, 1]);
      state.finish();
    }
    await turn();
    assertEquals(
      [state.reads, app.config.toolVisibility],
      [2, "granted"],
      "the newest is in force",
    );
    await reloader.stop();
  }));

test("a server that stops waits for the reload that runs, and begins no other", () =>
  withServer(async ({ app }) => {
    const { state, read } = slowFile(() => ({ ...app.config, toolVisibility: "granted" }));
    const reloader = createReloader(app, read, { logger: silent, now });
    reloader.request();
    reloader.request();
    let stopped = false;
    const stopping = reloader.stop().then(() => (stopped = true));
    reloader.request();
    await turn();
    assertEquals([stopped, state.reads], [false, 1]);
    state.finish();
    await stopping;
    assertEquals(app.config.toolVisibility, "granted");
    await turn();
    assertEquals(state.reads, 1);
  }));

const REDIS = 6379;
const answers = await new Promise<boolean>((resolve) => {
  const socket = connect(REDIS, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
  socket.on("connect", () => socket.destroy());
});
const needsRedis = answers ? {} : { skip: `Redis does not answer at port ${REDIS}` };

test(
  "a reload that is refused leaves no connection to the store of its limits, and the former limits",
  needsRedis,
  () =>
    withServer(async ({ app }) => {
      let made = 0;
      const store = createServer((socket) => {
        made += 1;
        socket.on("error", () => {});
        const redis = connect(REDIS, "127.0.0.1").on("error", () => socket.destroy());
        socket.on("close", () => redis.destroy()).pipe(redis).pipe(socket);
      });
      await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
      const open = () =>
        new Promise((resolve) => store.getConnections((_, count) => resolve(count)));
      const { port } = store.address() as AddressInfo;
      const before = app.config;
      const shared: Config = {
        ...before,
        rateLimit: {
          ...before.rateLimit,
          mode: "on",
          store: `redis://127.0.0.1:${port}/0`,
          prefix: "reload_test",
        },
      };
      try {
        const unsound = {
          ...shared,
          scopes: { "a:read": { description: "A", implies: ["b:read"], baseline: false } },
        };
        await assertRejects(() => app.reload(unsound), AppError, "b:read");
        assertEquals(made, 1, "it was opened");
        while (await open() !== 0) await turn();
        await turn();
        assertEquals([made, app.config === before], [1, true]);

        await app.reload(shared);
        assertEquals([await open(), app.config === shared], [1, true]);
        await app.reload({ ...shared, toolVisibility: "granted" });
        assertEquals(made, 2, "limits that stay the same stay open");
      } finally {
        store.close();
      }
    }),
);
