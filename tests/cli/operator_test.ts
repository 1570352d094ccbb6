import { createHash } from "node:crypto";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { loadConfig } from "../../cli/config.ts";
import { startOperator } from "../../cli/operator.ts";
import { AppError } from "../../errors.ts";
import { openStore } from "../../store/mod.ts";
import { parseExposition, valueOf } from "../support/exposition.ts";
import { needs, startProcess, withDirectory } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { freePort, startIssuer, startServer } from "../support/server.ts";
import { gatehouse } from "./support.ts";

interface Scene {
  readonly server: RunningProcess;
  readonly operator: string;
  readonly folder: string;
}

async function withOperator(
  runtime: "deno" | "bun",
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  await withDirectory(async (folder) => {
    const port = await freePort();
    const server = await startProcess({
      runtime,
      env: {
        GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}`,
        GATEHOUSE_OPERATOR_PORT: String(port),
      },
    });
    try {
      // The public listener answers first.
      while (!await connects("127.0.0.1", port)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await work({ server, operator: `http://127.0.0.1:${port}`, folder });
    } finally {
      await server.stop();
    }
  });
}

const metricsOf = async (operator: string) =>
  parseExposition(await (await fetch(`${operator}/metrics`)).text());

for (const runtime of ["deno", "bun"] as const) {
  test(
    `serve (${runtime}) has a listener for the operator, who finds what happened on it`,
    needs(runtime),
    () =>
      withOperator(runtime, async ({ server, operator, folder }) => {
        const call = (...words: string[]) =>
          gatehouse(["call", "list_environments", ...words], server.env);
        assertEquals((await call()).code, 0);
        assertEquals((await call("{}", "--scopes", "org:read")).code, 1);
        const families = await metricsOf(operator);
        const labels = { era: "modern", tool: "list_environments", method: "tools/call" };
        const requests = (decision: string) =>
          valueOf(families, "gatehouse_requests_total", { ...labels, decision });
        assertEquals([requests("allow"), requests("deny")], [1, 1]);
        const reason = { reason: "insufficient_scope" };
        assertEquals(valueOf(families, "gatehouse_refusals_total", reason), 1);
        const tool = { tool: "list_environments" };
        assertEquals(valueOf(families, "gatehouse_tool_duration_seconds_count", tool), 1);
        assertEquals(valueOf(families, "gatehouse_requests_in_flight"), 0);
        const checked = { result: "verified" };
        assertEquals(valueOf(families, "gatehouse_token_verifications_total", checked), 2);
        const ready = await (await fetch(`${operator}/readyz`)).json();
        assertEquals([ready.status, ready.checks.store.ok, ready.checks.keys.ok], [
          "ready",
          true,
          true,
        ]);

        const path = join(folder, "gatehouse.operator.json");
        assertEquals((await stat(path)).mode & 0o777, 0o600);
        const { token } = JSON.parse(await readFile(path, "utf8"));
        assertStringIncludes(server.stdout, `${operator}/metrics`);
        assertFalse((server.stdout + server.stderr).includes(token), "it is printed nowhere");
        // The public listener knows nothing of all this.
        for (const name of ["metrics", "readyz", "livez", "revocations", "audit"]) {
          const answer = await fetch(`${server.url}/${name}`, {
            headers: { authorization: `Bearer ${token}` },
          });
          assertEquals(answer.status, 404, name);
          await answer.body?.cancel();
        }
      }),
  );

  test(
    `serve (${runtime}) listens for the operator on loopback alone (H228)`,
    needs(runtime),
    () =>
      withOperator(runtime, async ({ operator }) => {
        const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
          .filter(({ internal, family }) => !internal && family === "IPv4");
        for (const { address } of outside) {
          assertFalse(await connects(address, Number(new URL(operator).port)), address);
        }
      }),
  );
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.on("connect", () => end(true)).on("error", () => end(false)).on(
      "timeout",
      () => end(false),
    );
  });
}

test(
  "serve says that it stops before it does, and stops the operator's listener last",
  needs("deno"),
  () =>
    withOperator("deno", async ({ server, operator }) => {
      // A body that does not end keeps the server from stopping for a while.
      const { out: token } = await gatehouse(["token"], server.env);
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(
        [
          "POST /mcp HTTP/1.1",
          `host: localhost:${server.port}`,
          `authorization: Bearer ${token.trim()}`,
          "content-type: application/json",
          "content-length: 100",
          "",
          "{",
        ].join("\r\n"),
      );
      while (valueOf(await metricsOf(operator), "gatehouse_requests_in_flight") !== 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const stopped = server.stop();
      let state = { status: "ready" };
      while (state.status === "ready") {
        const answer = await fetch(`${operator}/readyz`);
        assertEquals(answer.status === 503, (state = await answer.json()).status !== "ready");
      }
      assertEquals(state.status, "stopping");
      assertEquals((await fetch(`${operator}/livez`)).status, 200);
      socket.destroy();
      assertEquals(await stopped, 0);
      assertFalse(await connects("127.0.0.1", Number(new URL(operator).port)));
    }),
);

const silent = { debug() {}, info() {}, warning() {}, error() {} };
const { secrets } = await openStore("sqlite::memory:", { now: () => new Date() });
const nothing = {
  secrets,
  metrics: { contentType: "text/plain", text: () => "" },
  readiness: () => Promise.reject(new Error("not asked")),
  recorder: { record() {}, refuse() {} },
  stopping: () => false,
};

test("startOperator() refuses an address that others reach, and a port that is taken", async () => {
  const config = await loadConfig({
    env: { GATEHOUSE_OPERATOR_PORT: "0", GATEHOUSE_STORE: "sqlite::memory:" },
  });
  for (const host of ["0.0.0.0", "::", "192.168.0.1", "example.com"]) {
    await assertRejects(() => startOperator(config, nothing, silent, host), AppError, host);
  }
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = holder.address() as AddressInfo;
    const taken = { ...config, operator: { port } };
    await assertRejects(() => startOperator(taken, nothing, silent), AppError, "is in use");
  } finally {
    holder.close();
  }
});

test("startOperator() does nothing without a port, and makes no file", () =>
  withDirectory(async (folder) => {
    const config = await loadConfig({ env: { GATEHOUSE_STORE: `sqlite:${folder}/gatehouse.db` } });
    assertEquals(await startOperator(config, nothing, silent), undefined);
    await assertRejects(() => stat(join(folder, "gatehouse.operator.json")));
  }));

test("the operator's token is made once, or is the one of the configuration", () =>
  withDirectory(async (folder) => {
    const path = join(folder, "gatehouse.operator.json");
    const env = { GATEHOUSE_OPERATOR_PORT: "0", GATEHOUSE_STORE: `sqlite:${folder}/gatehouse.db` };
    const audit = { query: () => Promise.resolve({ records: [] }) };
    const statusWith = async (token: string, operator: { tokenHash?: string } = {}) => {
      const config = await loadConfig({ env });
      const own = { ...config, operator: { ...config.operator, ...operator } };
      const listener = await startOperator(own, { ...nothing, audit }, silent);
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`http://127.0.0.1:${listener!.port}/audit`, { headers });
      await answer.body?.cancel();
      await listener!.stop(100);
      return answer.status;
    };
    assertEquals(await statusWith("gho_x"), 401);
    const { token } = JSON.parse(await readFile(path, "utf8"));
    assert(token.length >= 43);
    assertEquals([await statusWith(token), await statusWith(token)], [200, 200]);
    const tokenHash = createHash("sha256").update("chosen").digest("hex");
    assertEquals(await statusWith("chosen", { tokenHash }), 200);
    assertEquals(await statusWith(token, { tokenHash }), 401);

    await chmod(path, 0o644);
    await assertRejects(() => statusWith(token), AppError, "chmod 600");
    await chmod(path, 0o600);
    for (const text of ["", "{}", '{"token":"short"}']) {
      await writeFile(path, text);
      await assertRejects(() => statusWith(token), AppError, "malformed");
    }
  }));

test("an instance is ready where every issuer has keys, be they too old", async () => {
  const issuer = await startIssuer("http://localhost/mcp");
  let now = Date.now();
  const server = await startServer({
    env: {
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: `${new URL(issuer.jwksUri).origin}/nowhere`,
    },
    app: { now: () => new Date(now) },
  });
  const well = await startServer({
    env: { GATEHOUSE_ISSUER: issuer.issuer, GATEHOUSE_JWKS_URI: issuer.jwksUri },
    app: { now: () => new Date(now) },
  });
  try {
    const { status, checks } = await server.app.operator.readiness();
    assertEquals([status, checks["store"]], ["unready", { ok: true }]);
    assertEquals(checks["keys"]?.ok, false);
    assertStringIncludes(checks["keys"]?.detail ?? "", issuer.issuer);

    assertEquals((await well.app.operator.readiness()).status, "ready");
    await issuer.stop();
    now += 3_600_000;
    const stale = await well.app.operator.readiness();
    assertEquals(stale.status, "ready");
    assertStringIncludes(stale.checks["keys"]?.detail ?? "", "3000 s too old");
    const families = parseExposition(await well.app.operator.metrics.text());
    const series = valueOf(families, "gatehouse_jwks_stale_seconds", { issuer: issuer.issuer });
    assertEquals(series, 3000);
  } finally {
    await Promise.all([server.stop(), well.stop(), issuer.stop().catch(() => {})]);
  }
});
