/** Revocation as callers meet it: over sockets, with the verification cache hot and a store that breaks. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import type { AppOptions } from "../../cli/app.ts";
import type { RevocationTarget } from "../../store/revocation.ts";
import { MODERN_META, modernBody } from "../support/pipeline.ts";
import { withDirectory } from "../support/process.ts";
import { freePort, startIssuer, startServer } from "../support/server.ts";
import type { RunningIssuer, RunningServer } from "../support/server.ts";

const SCOPE = "env:read org:write";
/** On a busy machine it takes longer than the five seconds that Bun gives a test. */
const SLOW = { timeout: 60_000 };

interface Scene {
  readonly server: RunningServer;
  /** Two issuers that this server trusts. */
  readonly issuers: readonly [RunningIssuer, RunningIssuer];
  readonly database: string;
}

async function withScene(
  run: (scene: Scene) => Promise<void>,
  app: Partial<AppOptions> = {},
): Promise<void> {
  await withDirectory(async (directory) => {
    const port = await freePort();
    const audience = `http://localhost:${port}/mcp`;
    const issuers = [
      await startIssuer(audience, SCOPE),
      await startIssuer(audience, SCOPE),
    ] as const;
    const config = join(directory, "config.json");
    const database = join(directory, "gatehouse.db");
    await writeFile(
      config,
      JSON.stringify({ issuers: issuers.map(({ issuer, jwksUri }) => ({ issuer, jwksUri })) }),
    );
    const server = await startServer({
      env: {
        GATEHOUSE_PORT: String(port),
        GATEHOUSE_CONFIG: config,
        GATEHOUSE_STORE: `sqlite:${database}`,
      },
      app,
    });
    try {
      await run({ server, issuers, database });
    } finally {
      await server.stop();
      for (const issuer of issuers) await issuer.stop();
    }
  });
}

function post(server: RunningServer, token: string, body: object): Promise<Response> {
  const { method, params } = body as { method: string; params: { name?: string } };
  return fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(params.name === undefined ? {} : { "mcp-name": params.name }),
    },
    body: JSON.stringify(body),
  });
}

// deno-lint-ignore no-explicit-any -- each tool has its own output
async function call(server: RunningServer, token: string, name: string, input = {}): Promise<any> {
  const response = await post(server, token, modernBody(name, input));
  const body = await response.json();
  return { status: response.status, body, output: body.result?.structuredContent };
}

const now = () => Math.floor(Date.now() / 1000);

const TARGETS: readonly {
  readonly reason: string;
  readonly target: (issuer: string) => RevocationTarget;
}[] = [
  {
    reason: "jti_revoked",
    target: (issuer) => ({ kind: "token", issuer, tokenId: "token-1" }),
  },
  {
    reason: "client_revoked",
    target: (issuer) => ({ kind: "client", issuer, clientId: "client-1" }),
  },
  {
    reason: "subject_revoked",
    target: (issuer) => ({ kind: "subject", issuer, subject: "user-1" }),
  },
  { reason: "issuer_revoked", target: (issuer) => ({ kind: "issuer", issuer }) },
];

test(
  "revoked: a token, client, subject or issuer epoch is 401 on the next call, and no tool runs (R42, H087, H088)",
  SLOW,
  () =>
    withScene(async ({ server, issuers: [issuer, other] }) => {
      const claims = { jti: "token-1" };
      const [token, elsewhere] = [await issuer.token({ claims }), await other.token({ claims })];
      const listed = await call(server, elsewhere, "list_environments");
      const environmentId = listed.output.environments[0].id;
      const create = (bearer: string, displayName: string) =>
        call(server, bearer, "create_organization", { environmentId, displayName });
      const count = async () =>
        (await call(server, elsewhere, "list_organizations", { environmentId })).output.totalSize;

      const bad = (await create("eyJ.bad.token", "Never")).body;
      for (const { reason, target } of TARGETS) {
        // Twice, so that the verification is remembered.
        for (const name of ["one", "two"]) {
          assertEquals((await create(token, `${reason} ${name}`)).status, 200, reason);
        }
        const before = await count();
        const wanted = target(issuer.issuer);
        const { id } = await server.app.revocations.add({
          target: wanted,
          reason: "a test",
          actor: "cli",
          ...(wanted.kind === "issuer" && { issuedUntil: now() }),
        });
        const { status, body } = await create(token, "Never");
        assertEquals(status, 401, reason);
        assertEquals({ ...body, request_id: "" }, { ...bad, request_id: "" }, "one for all");
        const line = server.lines.find(({ properties }) =>
          properties["requestId"] === body.request_id
        );
        assertEquals([line?.properties["reason"], line?.properties["status"]], [reason, 401]);
        assertEquals(await count(), before, "the tool ran");
        assertEquals((await call(server, elsewhere, "whoami")).status, 200, "the other issuer's");

        await server.app.revocations.remove(id);
        assertEquals((await create(token, `${reason} again`)).status, 200, "restored");
      }
    }),
);

test("revoked: what is issued after the time of a subject's revocation is accepted (H224)", () =>
  withScene(async ({ server, issuers: [issuer] }) => {
    const [old, fresh] = [
      await issuer.token({ claims: { iat: now() - 10 } }),
      await issuer.token({ claims: { iat: now() - 4 } }),
    ];
    await server.app.revocations.add({
      target: { kind: "subject", issuer: issuer.issuer, subject: "user-1" },
      reason: "a test",
      actor: "cli",
      issuedUntil: now() - 5,
    });
    assertEquals((await call(server, old, "whoami")).status, 401);
    assertEquals((await call(server, fresh, "whoami")).status, 200);
  }));

test(
  "revoked: an open subscription ends, and those of others go on (H223)",
  SLOW,
  () =>
    withScene(async ({ server, issuers: [issuer, other] }) => {
      const listen = {
        jsonrpc: "2.0",
        id: 1,
        method: "subscriptions/listen",
        params: { _meta: MODERN_META, notifications: { toolsListChanged: true } },
      };
      const stream = await post(server, await issuer.token(), listen);
      const theirs = await post(server, await other.token(), listen);
      assertEquals([stream.status, theirs.status], [200, 200]);
      const reader = theirs.body!.getReader();
      await reader.read();
      await server.app.revocations.add({
        target: { kind: "client", issuer: issuer.issuer, clientId: "client-1" },
        reason: "a test",
        actor: "cli",
      });
      const revokedAt = performance.now();
      await stream.text();
      assert(performance.now() - revokedAt < 2000);
      const still = reader.read();
      const pause = new Promise((resolve) => setTimeout(() => resolve("open"), 200));
      const first = await Promise.race([still.then(({ done }) => done ? "closed" : "open"), pause]);
      assertEquals(first, "open");
      await reader.cancel();
      const record = server.lines.find(({ properties }) =>
        properties["reason"] === "client_revoked"
      );
      assertEquals(record?.properties["rpcMethod"], "subscriptions/listen");
    }),
);

test(
  "a store that cannot be read is 503 and never 401 or 200, until it can be (H225)",
  SLOW,
  () =>
    withScene(async ({ server, issuers: [issuer], database }) => {
      const token = await issuer.token();
      assertEquals((await call(server, token, "whoami")).status, 200);
      // Another program breaks the table under the running server.
      const breaking = new DatabaseSync(database);
      breaking.exec("alter table revocation_state rename to gone");
      const statuses = new Set<number>();
      const deadline = Date.now() + 30_000;
      let answer = await call(server, token, "whoami");
      while (answer.status === 200 && Date.now() < deadline) {
        statuses.add(answer.status);
        await new Promise((resolve) => setTimeout(resolve, 200));
        answer = await call(server, token, "whoami");
      }
      assertEquals(answer.status, 503);
      assertEquals(answer.body.error, "temporarily_unavailable");
      assertStringIncludes(answer.body.error_description, "try again later");
      assertFalse(server.app.revocations.healthy);
      const raw = await post(server, token, modernBody("whoami", {}));
      assertEquals([raw.status, raw.headers.get("retry-after")], [503, "5"]);
      await raw.body?.cancel();
      assertEquals([...statuses], [200]);
      breaking.exec("alter table gone rename to revocation_state");
      breaking.close();
      assertEquals((await call(server, token, "whoami")).status, 200);
      const failures = server.lines.filter(({ message }) =>
        message === "revocations cannot be read"
      );
      assertEquals(failures.length, 1);
    }),
);
