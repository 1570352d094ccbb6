/** Budgets in a real Redis and a real PostgreSQL, under keys and a table of each test's own. */

import { connect } from "node:net";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { Redis } from "ioredis";
import pg from "pg";
import {
  isSharedStoreUrl,
  openSharedStore,
  withoutCredentials,
} from "../../../http/limits/shared.ts";
import { createWindowCounter } from "../../../http/limits/window.ts";
import type { Counter } from "../../../http/limits/window.ts";
import { modernBody } from "../../support/pipeline.ts";
import { startIssuer, startServer } from "../../support/server.ts";
import type { RunningIssuer, RunningServer } from "../../support/server.ts";
import { startRelay } from "../../support/tcp_relay.ts";

const PASSWORD = "s3cret-of-the-store";
const AUDIENCE = "api://shared";

interface Store {
  readonly name: string;
  readonly port: number;
  /** Its URL at a port, with a password that it does not ask for. */
  url(port: number): string;
  /** Keys or rows that begin with a prefix. */
  keys(prefix: string): Promise<readonly string[]>;
  remove(prefix: string): Promise<void>;
}

const redis: Store = {
  name: "Redis",
  port: 6379,
  url: (port) => `redis://127.0.0.1:${port}/0`,
  keys: (prefix) => withRedis((client) => client.keys(`${prefix}:*`)),
  async remove(prefix) {
    const keys = await redis.keys(prefix);
    if (keys.length > 0) await withRedis((client) => client.del(...keys));
  },
};

const postgres: Store = {
  name: "PostgreSQL",
  port: 5432,
  url: (port) => `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
  keys: (prefix) =>
    withPostgres(async (client) => {
      const { rows } = await client.query(`SELECT key FROM "${prefix}_rate_limits"`);
      return rows.map(({ key }) => key);
    }),
  remove: (prefix) =>
    withPostgres(async (client) => {
      await client.query(`DROP TABLE IF EXISTS "${prefix}_rate_limits"`);
    }),
};

async function withRedis<T>(work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url(redis.port));
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

interface PgClient {
  query(text: string): Promise<{ rows: { key: string }[] }>;
}

async function withPostgres<T>(work: (client: PgClient) => Promise<T>): Promise<T> {
  const client = new pg.Client(postgres.url(postgres.port));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

let prefixes = 0;
const newPrefix = () => `test_${crypto.randomUUID().slice(0, 8)}_${prefixes += 1}`;

for (const store of [redis, postgres]) {
  const options = await answers(store.port)
    ? {}
    : { skip: `${store.name} does not answer at port ${store.port}` };

  const withPrefix = async (body: (prefix: string) => Promise<void>) => {
    const prefix = newPrefix();
    try {
      await body(prefix);
    } finally {
      await store.remove(prefix);
    }
  };

  test(
    `${store.name}: two instances count one budget, under keys that name nobody`,
    options,
    () =>
      withPrefix(async (prefix) => {
        const rate = { points: 5, seconds: 60 };
        const open = () =>
          openSharedStore({ url: store.url(store.port), prefix, onFailure: assertFalse });
        const [one, two] = [await open(), await open()];
        try {
          const counters = [one, two].map((shared) =>
            shared.counter("client", rate, createWindowCounter(rate))
          ) as [Counter, Counter];
          const client = `client "with" : ${"long ".repeat(200)}`;
          assertEquals((await counters[0].take(client, 2)).remaining, 3);
          const second = await counters[1].take(client, 2);
          assertEquals([second.allowed, second.remaining], [true, 1]);
          assert(second.resetMs > 0 && second.resetMs <= 60_000);
          const refused = await counters[0].take(client, 2);
          assertEquals([refused.allowed, refused.remaining], [false, 0]);
          assertEquals((await counters[1].take("another", 5)).allowed, true);

          const tool = two.counter("tool:add", rate, createWindowCounter(rate));
          assertEquals((await tool.take(client, 1)).remaining, 4, "a budget of its own");
          const keys = await store.keys(prefix);
          assertEquals(keys.length, 3);
          assertFalse(keys.some((key) => key.includes("long") || key.includes("another")));
        } finally {
          await one.close();
          await two.close();
        }
      }),
  );

  test(
    `${store.name}: what an instance refuses by itself never reaches the store`,
    options,
    () =>
      withPrefix(async (prefix) => {
        const rate = { points: 5, seconds: 60 };
        const shared = await openSharedStore({
          url: store.url(store.port),
          prefix,
          onFailure: assertFalse,
        });
        try {
          const counter = shared.counter(
            "address",
            rate,
            createWindowCounter(rate, { maxKeys: 10 }),
          );
          for (let index = 0; index < 50; index += 1) await counter.take(`192.0.2.${index}`, 1);
          assertEquals((await store.keys(prefix)).length, 10);
        } finally {
          await shared.close();
        }
      }),
  );

  test(
    `serve: two servers with one ${store.name} give a client one budget (R81)`,
    options,
    () =>
      withPrefix((prefix) =>
        withServers({ store: store.url(store.port), prefix }, 2, async (servers, issuer) => {
          const [one, two] = servers as [RunningServer, RunningServer];
          const token = await issuer.token();
          const statuses = [];
          for (const server of [one, two, one, two, one, two]) {
            statuses.push((await call(server, token)).status);
          }
          assertEquals(statuses, [200, 200, 200, 200, 429, 429]);
          const refused = await call(two, token);
          assertEquals(refused.body["limit"], "client");
          assertMatch(refused.headers.get("ratelimit")!, /^"client";r=0;t=\d+$/);
          const other = await issuer.token({ claims: { client_id: "client-2" } });
          assertEquals((await call(two, other)).status, 200);
        })
      ),
  );

  for (const how of ["cut", "hang"] as const) {
    test(
      `serve: while ${store.name} is away (${how}) each server limits by itself, and counts there again later`,
      options,
      () =>
        withPrefix(async (prefix) => {
          const relay = await startRelay(store.port);
          try {
            const shared = { store: store.url(relay.port), prefix };
            await withServers(shared, 1, async ([server], issuer) => {
              const token = await issuer.token();
              assertEquals((await call(server!, token)).status, 200);
              await relay[how]();
              const statuses = [];
              for (let turn = 0; turn < 5; turn += 1) {
                statuses.push((await call(server!, token)).status);
              }
              assertEquals(statuses, [200, 200, 200, 429, 429], "never unlimited");
              const warnings = server!.lines.filter(({ level }) => level === "warning");
              assertEquals(warnings.length, 1);
              assertMatch(warnings[0]!.message, /rate limit store does not answer/);
              assertFalse(JSON.stringify(server!.lines).includes(PASSWORD));

              await relay.restore();
              await until(async () => {
                const fresh = crypto.randomUUID();
                await call(server!, await issuer.token({ claims: { client_id: fresh } }));
                return (await store.keys(prefix)).length > 3;
              });
            });
          } finally {
            await relay.stop();
          }
        }),
    );
  }
}

test("serve: a store that cannot be reached does not stop the start, and limits hold", () =>
  withServers(
    { store: `postgres://postgres:${PASSWORD}@127.0.0.1:1/postgres`, prefix: newPrefix() },
    1,
    async ([server], issuer) => {
      const token = await issuer.token();
      const statuses = [];
      for (let turn = 0; turn < 5; turn += 1) statuses.push((await call(server!, token)).status);
      assertEquals(statuses, [200, 200, 200, 200, 429]);
      const warnings = server!.lines.filter(({ level }) => level === "warning");
      assertEquals(warnings.length, 1);
      const { store, error } = warnings[0]!.properties;
      assertEquals(store, "postgres://127.0.0.1:1/postgres");
      assertMatch(String(error), /ECONNREFUSED/);
      assertFalse(JSON.stringify(server!.lines).includes(PASSWORD));
    },
  ));

test("withoutCredentials() leaves the address alone, wherever the password is", () => {
  assertEquals(
    withoutCredentials("redis://user:p%40ss@cache.example:6380/2"),
    "redis://cache.example:6380/2",
  );
  assertEquals(
    withoutCredentials("postgres://db.example/gatehouse?user=u&password=p"),
    "postgres://db.example/gatehouse",
  );
  for (const url of ["redis://:p@ss#word", "postgres://u:12/34@h/d", "postgres://u:12?34@h"]) {
    assertEquals(withoutCredentials(url), "[redacted]");
    assertFalse(isSharedStoreUrl(url), url);
  }
  for (const url of ["redis://h", "rediss://h:1/0", "postgres://h/d", "postgresql://h/d"]) {
    assert(isSharedStoreUrl(url), url);
  }
  for (
    const url of [
      "",
      "redis",
      "redis:///0",
      "redis://h/main",
      "redis://:%zz@h",
      "http://h",
      "memcached://h",
      "sqlite:x",
    ]
  ) {
    assertFalse(isSharedStoreUrl(url), url);
  }
});

/** Servers that trust one issuer, and let a client call four times. */
async function withServers(
  shared: { store: string; prefix: string },
  count: number,
  body: (servers: readonly RunningServer[], issuer: RunningIssuer) => Promise<void>,
): Promise<void> {
  const issuer = await startIssuer(AUDIENCE, "env:read");
  const file = join(tmpdir(), `gatehouse-${crypto.randomUUID()}.json`);
  const rateLimit = { ...shared, client: { points: 4, seconds: 300 } };
  await writeFile(file, JSON.stringify({ rateLimit }));
  const servers: RunningServer[] = [];
  try {
    while (servers.length < count) {
      servers.push(
        await startServer({
          env: {
            GATEHOUSE_CONFIG: file,
            GATEHOUSE_RATE_LIMIT: "on",
            GATEHOUSE_ISSUER: issuer.issuer,
            GATEHOUSE_JWKS_URI: issuer.jwksUri,
            GATEHOUSE_AUDIENCE: AUDIENCE,
          },
        }),
      );
    }
    await body(servers, issuer);
  } finally {
    for (const server of servers) await server.stop();
    await issuer.stop();
    await rm(file);
  }
}

async function call(server: RunningServer, token: string) {
  const response = await fetch(`http://localhost:${server.port}/mcp`, {
    method: "POST",
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "whoami",
    },
    body: JSON.stringify(modernBody("whoami", {})),
  });
  const body = await response.json() as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error("It did not come about in twenty seconds");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
