/** Upstream calls as callers and upstreams meet them: the real server, over sockets, with tools that call out. */

import { AsyncLocalStorage, executionAsyncResource } from "node:async_hooks";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadConfig } from "../../cli/config.ts";
import { modernBody } from "../support/pipeline.ts";
import { withDirectory } from "../support/process.ts";
import { freePort, startIssuer, startServer } from "../support/server.ts";
import type { RunningIssuer, RunningServer } from "../support/server.ts";
import { startCanary, startTokenServer, UPSTREAM_CLIENT } from "../support/upstream.ts";
import type { Canary, TokenServer } from "../support/upstream.ts";
import { upstreamTools } from "../support/upstream_tools.ts";
import type { Look } from "../support/upstream_tools.ts";

const SLOW = { timeout: 60_000 };

interface Scene {
  readonly server: RunningServer;
  readonly issuer: RunningIssuer;
  readonly canary: Canary;
  readonly tokens: TokenServer;
  readonly home: string;
  readonly env: Record<string, string>;
  /** Calls a tool; returns its value, or its error. */
  // deno-lint-ignore no-explicit-any -- the shape is the tool's
  call(token: string, name: string, input?: unknown): Promise<any>;
  upstreams(baseUrl: string): Record<string, unknown>;
}

async function withScene(work: (scene: Scene) => Promise<void>, look?: Look): Promise<void> {
  await withDirectory(async (home) => {
    const port = await freePort();
    const issuer = await startIssuer(`http://localhost:${port}/mcp`, "org:read access:write");
    const tokens = await startTokenServer(issuer);
    const canary = await startCanary();
    const upstreams = (baseUrl: string) => {
      const common = { baseUrl, allowPrivate: true };
      const client = { ...UPSTREAM_CLIENT, tokenUrl: tokens.tokenUrl };
      return {
        open: { ...common, auth: { kind: "none" } },
        own: { ...common, auth: { kind: "client_credentials", ...client } },
        delegated: {
          ...common,
          auth: { kind: "token_exchange", ...client, subjectIssuers: [issuer.issuer] },
        },
      };
    };
    const config = join(home, "config.json");
    const { issuer: name, jwksUri } = issuer;
    await writeFile(
      config,
      JSON.stringify({
        issuers: [{ issuer: name, jwksUri }],
        upstreams: upstreams(`${canary.url}/api`),
      }),
    );
    const env = {
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER_PORT: "0",
      GATEHOUSE_CONFIG: config,
      GATEHOUSE_STORE: `sqlite:${home}/gatehouse.db`,
    };
    const server = await startServer({ env, app: { tools: upstreamTools(look) } });
    const call: Scene["call"] = async (token, tool, input = {}) => {
      const response = await fetch(`${server.url}/mcp`, {
        method: "POST",
        headers: {
          "authorization": `Bearer ${token}`,
          "content-type": "application/json",
          "accept": "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": tool,
        },
        body: JSON.stringify(modernBody(tool, input)),
      });
      const body = await response.json();
      const { result } = body;
      if (result === undefined) return body;
      return result.structuredContent?.value ?? JSON.parse(result.content[0].text);
    };
    try {
      await work({ server, issuer, canary, tokens, home, env, call, upstreams });
    } finally {
      await server.stop();
      await canary.stop();
      await tokens.stop();
      await issuer.stop();
    }
  });
}

test("no upstream ever gets the caller's token, and nothing that is kept has it (R44, H197)", () =>
  withScene(async ({ server, issuer, canary, tokens, home, call }) => {
    const token = await issuer.token();
    const path = "/invoices?customer=canary-query-77";
    for (const to of ["open", "own", "delegated"]) {
      assertEquals(await call(token, "relay", { to, path }), {
        method: "GET",
        url: `/api${path}`,
      });
    }
    const sent = canary.seen.map(({ headers }) => headers.authorization);
    assertEquals(sent, [undefined, `Bearer ${tokens.issued[0]}`, `Bearer ${tokens.issued[1]}`]);
    const [, signature = ""] = /\.([^.]+)$/.exec(token) ?? [];
    for (const { text } of canary.seen) assert(!text.includes(signature));
    // The token endpoint alone, of the one upstream that exchanges it, and once.
    assertEquals(tokens.seen.filter(({ text }) => text.includes(signature)).length, 1);

    await server.app.audit.flush();
    const { records } = await server.app.audit.query({ limit: 50, event: "tool.call" });
    const details = records.map((record) => record.details?.["upstream"]) as {
      name: string;
      status: number;
    }[][];
    assertEquals(details.map((calls) => calls.map(({ name, status }) => `${name} ${status}`)), [
      ["delegated 200"],
      ["own 200"],
      ["open 200"],
    ]);
    const kept = [
      JSON.stringify(server.lines),
      ...readdirSync(home, { recursive: true, encoding: "utf8", withFileTypes: true })
        .filter((entry) => entry.isFile())
        .flatMap((entry) => textIn(join(entry.parentPath, entry.name))),
    ];
    assert(kept.length > 4, "the database and the trail are among them");
    for (const text of kept) {
      for (const secret of [signature, "canary-query-77", ...tokens.issued]) {
        assert(!text.includes(secret));
      }
    }
  }));

/** The trail's head is replaced by another file now and then, so what was listed may be gone. */
function textIn(path: string): string[] {
  try {
    return [readFileSync(path, "latin1")];
  } catch {
    return [];
  }
}

/** Accessors are for instances: on a prototype some of them keep what they make of it. */
function isPrototype(value: object): boolean {
  const made = Reflect.getOwnPropertyDescriptor(value, "constructor")?.value;
  return typeof made === "function" && made.prototype === value;
}

/** Whether a text can be reached from objects by properties, accessors, prototypes, maps and sets. */
function finds(text: string, roots: readonly unknown[], options: { readonly getters: boolean }) {
  const known = new Set<unknown>(roots);
  const queue = [...known];
  const add = (value: unknown) => {
    if (known.has(value)) return;
    if (known.size > 1_000_000) throw new Error("There is more than can be looked through");
    known.add(value);
    queue.push(value);
  };
  for (let at = 0; at < queue.length; at += 1) {
    const value = queue[at];
    if (typeof value === "string" && value.includes(text)) return true;
    if (value === null || (typeof value !== "object" && typeof value !== "function")) continue;
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      if (new TextDecoder("latin1").decode(bytes).includes(text)) return true;
      continue;
    }
    if (value instanceof Map) { for (const entry of value) entry.forEach(add); }
    if (value instanceof Set) value.forEach(add);
    if (value instanceof Headers) [...value].flat().forEach(add);
    for (let from: unknown = value; from !== null; from = Object.getPrototypeOf(from)) {
      for (const key of Reflect.ownKeys(from as object)) {
        const { value: member, get } = Reflect.getOwnPropertyDescriptor(from as object, key) ?? {};
        add(member);
        if (get === undefined || !options.getters || isPrototype(value)) continue;
        try {
          add(Reflect.apply(get, value, []));
        } catch {
          // Not for us.
        }
      }
    }
  }
  return false;
}

test("a handler that looks everywhere does not find the caller's token (R44)", SLOW, async () => {
  let token = "";
  const found: Record<string, boolean> = {};
  const look: Look = async (given, context) => {
    const own = new AsyncLocalStorage();
    const near: unknown[] = [...given, executionAsyncResource(), AsyncLocalStorage.snapshot(), own];
    for (const name of ["open", "own", "delegated"]) {
      const upstream = context.upstream(name);
      near.push(upstream, await upstream.fetch("/x"));
      for (
        const attempt of [upstream.fetch("/../x"), upstream.json("/500"), upstream.json("/html")]
      ) {
        near.push(await attempt.catch((error: unknown) => error));
      }
      try {
        near.push(await upstream.fetch("/x", { headers: { authorization: "Bearer x" } }));
      } catch (error) {
        near.push(error);
      }
    }
    try {
      context.upstream("undeclared");
    } catch (error) {
      near.push(error, new Error("x", { cause: error }).stack);
    }
    const here = function (this: unknown) {
      return this;
    };
    near.push(here.call(context), here);
    found["near"] = finds(token, near, { getters: true });
    found["signature"] = finds(token.slice(token.lastIndexOf(".") + 1), near, { getters: true });
    found["global"] = finds(token, [globalThis], { getters: false });
    found["control"] = finds(token, [{ a: new Map([["b", { c: `Bearer ${token}` }]]) }], {
      getters: true,
    });
    return {};
  };
  await withScene(async ({ issuer, canary, tokens, call }) => {
    canary.answer = ({ url, headers }, response) => {
      const status = url.endsWith("/500") ? 500 : 200;
      response.writeHead(status).end(url.endsWith("/html") ? "<p>" : JSON.stringify(headers));
    };
    token = await issuer.token();
    assertEquals(await call(token, "look"), {});
    // It was exchanged, so it was there.
    assertEquals(tokens.grants.some((grant) => grant["subject_token"] === token), true);
  }, look);
  assertEquals(found, { near: false, signature: false, global: false, control: true });
});

test("nothing of a call can be used after it: not its upstreams, not its token", async () => {
  const kept: Parameters<Look>[1][] = [];
  await withScene(async ({ issuer, canary, tokens, call }) => {
    assertEquals(await call(await issuer.token(), "look"), {});
    const error = await kept[0]!.upstream("delegated").fetch("/x").catch((error) => error);
    assertEquals([error.code, error.reason], ["unavailable", "upstream_over"]);
    assertEquals([canary.seen.length, tokens.grants.length], [0, 0]);
  }, (_given, context) => {
    kept.push(context);
    return Promise.resolve({});
  });
});

test(
  "revocation ends a request to an upstream, and what was exchanged for its caller",
  SLOW,
  () =>
    withScene(async ({ server, issuer, canary, tokens, call }) => {
      const token = await issuer.token();
      const relay = () => call(token, "relay", { to: "delegated", path: "/x" });
      await relay();
      await relay();
      assertEquals(tokens.issued.length, 1);
      const arrived = new Promise<void>((resolve) => (canary.answer = () => resolve()));
      const waiting = relay();
      await arrived;
      const access = server.app.operator.access!;
      const { revocation } = await access.revoke({
        target: { kind: "client", issuer: issuer.issuer, clientId: "client-1" },
        reason: "a test",
        actor: "operator",
      });
      assertEquals((await waiting).error, "invalid_token");
      while (canary.abandoned < 1) await new Promise((resolve) => setTimeout(resolve, 5));
      assertEquals((await relay()).error, "invalid_token");
      await access.restore(revocation.id, "operator");
      canary.answer = (_request, response) => response.end("{}");
      assertEquals(await relay(), {});
      assertEquals(tokens.issued.length, 2);
    }),
);

test("what a tool may not call is not called, and what is not configured says so", () =>
  withScene(async ({ server, issuer, canary, call }) => {
    const token = await issuer.token();
    const absent = await call(token, "relay", { to: "absent", path: "/x" });
    assertEquals([absent.error.code, absent.error.message], [
      "not_supported",
      "The upstream absent is not configured on this server",
    ]);
    assertEquals((await call(token, "stranger")).error.code, "internal");
    const out = await call(token, "relay", { to: "open", path: "/../admin" });
    assertEquals(out.error.code, "invalid_input");
    assertEquals(canary.connections, 0);
    const warned = server.lines.find(({ message }) => message.includes("not configured"));
    assertEquals(warned?.properties, { tool: "relay", missing: ["absent"] });
    const unexpected = server.lines.find(({ message }) => message === "unexpected error");
    assertMatch(String(unexpected?.properties["error"]), /calls the upstream open and does not/);
  }));

test("a changed configuration leads elsewhere, and one that stays keeps its tokens", () =>
  withScene(async ({ server, issuer, canary, tokens, env, call, upstreams }) => {
    const token = await issuer.token();
    const relay = () => call(token, "relay", { to: "own", path: "/x" });
    await relay();
    const file = env["GATEHOUSE_CONFIG"]!;
    const config = JSON.parse(readFileSync(file, "utf8"));
    const reload = async (changes: object) => {
      await writeFile(file, JSON.stringify({ ...config, ...changes }));
      await server.app.reload(await loadConfig({ env: { ...env, GATEHOUSE_RATE_LIMIT: "off" } }));
    };
    await reload({ toolVisibility: "all" });
    await relay();
    assertEquals(tokens.issued.length, 1);
    const other = await startCanary();
    await reload({ upstreams: upstreams(other.url) });
    assertEquals((await relay()).url, "/x");
    assertEquals([canary.seen.length, other.seen.length, tokens.issued.length], [2, 1, 2]);
    await other.stop();
  }));
