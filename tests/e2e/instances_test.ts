/** Several instances on one PostgreSQL behave as one, also while one is killed and a client is cut off. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  authorizeUrl,
  Browser,
  CALLBACK,
  followToClient,
  openPage,
  PUBLIC_CLIENT,
  VERIFIER,
} from "../auth/embedded/support.ts";
import { dropSchemasAfter, needsPostgres, query } from "../support/postgres.ts";
import { needs } from "../support/process.ts";
import { callOnce, recordsOf, startLoad, TOOL_BUDGET, until, withDeployment } from "./instances.ts";
import type { Deployment } from "./instances.ts";

dropSchemasAfter();

for (const runtime of ["deno", "bun"] as const) {
  const options = { ...needs(runtime), ...needsPostgres, timeout: 300_000 };

  test(
    `${runtime}: of three instances under load one is killed and a client revoked, and nothing is lost (H087, H226, H230)`,
    options,
    () =>
      withDeployment(runtime, async (deployment) => {
        const clients = [];
        for (const name of ["one", "two", "three", "four"]) {
          clients.push(await deployment.client(name));
        }
        const victim = await deployment.client("victim");
        const load = startLoad(deployment, [...clients, victim]);
        await until(() => load.acknowledged.length >= 40);

        await deployment.kill(1);
        const revokedAt = await revokeOn(deployment, "victim");
        const before = load.acknowledged.length;
        await until(() => load.acknowledged.length >= before + 20);
        await load.stop();

        const late = load.callsOf(victim).filter(({ startedAt }) => startedAt > revokedAt);
        assert(late.length > 0);
        assertEquals(late.filter(({ status }) => status !== 401), []);
        for (const living of [0, 2]) {
          deployment.direct(living);
          const { status } = await callOnce(deployment.url, victim.token, "list_environments");
          assertEquals(status, 401);
          const other = await callOnce(deployment.url, clients[0]!.token, "list_environments");
          assertEquals(other.status, 200);
        }
        deployment.direct();
        const servedBy = new Set(
          clients.flatMap((client) => load.callsOf(client).map((call) => call.servedBy)),
        );
        servedBy.delete("");
        assertEquals(servedBy.size, 3, "somebody had nothing to do");

        const rows = await query(
          `select display_name as name from ${deployment.schema}.organizations`,
        );
        const made = rows.map(({ name }) => String(name)).filter((name) => load.asked.has(name));
        assertEquals(new Set(made).size, made.length, "a write was done twice");
        const there = new Set(made);
        assertEquals(load.acknowledged.filter(({ name }) => !there.has(name)), []);
        await requireWholeTrail(deployment, ["cli", "server", "server-2", "server-3"]);
        const intents = await intentsOf(deployment);
        assertEquals(load.acknowledged.filter(({ requestId }) => !intents.has(requestId)), []);

        await deployment.start(1);
        deployment.direct();
        // It goes on in the chain that it left, as nobody else has that.
        await requireWholeTrail(deployment, ["cli", "server", "server-2", "server-3"]);
        const starts = await recordsOf(deployment, "--event", "server.started");
        assertEquals(starts.length, 4);
        deployment.direct(1);
        assertEquals(
          (await callOnce(deployment.url, victim.token, "list_environments")).status,
          401,
        );
      }),
  );

  test(
    `${runtime}: a budget holds for three instances together, and a sign-in wanders between them`,
    options,
    () =>
      withDeployment(runtime, async (deployment) => {
        await signInAcross(deployment);
        const { token } = await deployment.client("greedy");
        const statuses: number[] = [];
        const ask = async () => {
          for (let n = 0; n < (TOOL_BUDGET + 60) / 6; n++) {
            statuses.push((await callOnce(deployment.url, token, "list_environments")).status);
          }
        };
        await Promise.all(Array.from({ length: 6 }, ask));
        const allowed = statuses.filter((status) => status === 200).length;
        assertEquals(statuses.filter((status) => status !== 200 && status !== 429), []);
        // On a machine too slow for the store's half second each instance counts for itself, and says so.
        const alone = deployment.instances.some((instance) =>
          instance!.stderr.includes("the rate limit store does not answer")
        );
        if (alone) assert(allowed <= 3 * TOOL_BUDGET && allowed >= TOOL_BUDGET);
        else assertEquals(allowed, TOOL_BUDGET);
      }),
  );
}

/** Returns when the command says that both living instances enforce it; the killed one counts for ten seconds yet. */
async function revokeOn(deployment: Deployment, client: string): Promise<number> {
  for (;;) {
    const { code, stdout, stderr } = await deployment.gatehouse(
      ...["revoke", "--client", client, "--reason", "a test"],
    );
    const reach = /In effect on (\d) of (\d) instances/.exec(stdout + stderr);
    assert(reach, stdout + stderr);
    assertEquals(code, reach[1] === reach[2] ? 0 : 1);
    if (reach[1] === "2") return performance.now();
  }
}

async function requireWholeTrail(
  { gatehouse }: Deployment,
  chains: readonly string[],
): Promise<void> {
  const { code, stdout, stderr } = await gatehouse("audit", "verify", "--json");
  assertEquals([code, stderr], [0, ""], stdout);
  const report = JSON.parse(stdout);
  assertEquals(report.chains.map(({ chain }: { chain: string }) => chain), chains);
}

async function intentsOf(deployment: Deployment): Promise<ReadonlySet<string>> {
  const filters = ["--event", "tool.intent", "--limit", "100000"];
  return new Set((await recordsOf(deployment, ...filters)).map(({ request }) => request!.id));
}

/** Each step of an authorization code grant is answered by another instance than the one before. */
async function signInAcross(deployment: Deployment): Promise<void> {
  const { issuer, url } = deployment;
  const resource = `${url}/mcp`;
  const post = (form: Record<string, string>) =>
    fetch(`${issuer}/token`, { method: "POST", body: new URLSearchParams(form) });
  deployment.direct(0);
  const registered = await fetch(`${issuer}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(PUBLIC_CLIENT),
  });
  assertEquals(registered.status, 201);
  const { client_id } = await registered.json();

  const browser = new Browser(issuer);
  deployment.direct(1);
  const page = await openPage(
    browser,
    authorizeUrl(issuer, client_id, { resource, scope: "env:read" }),
  );
  deployment.direct(2);
  const answer = await browser.submit(page.url, { token: page.token, decision: "approve" });
  const code = (await followToClient(browser, answer)).searchParams.get("code") ?? "";
  deployment.direct(0);
  const grant = {
    grant_type: "authorization_code",
    client_id,
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    resource,
  };
  const redeemed = await post(grant);
  assertEquals(redeemed.status, 200);
  const tokens = await redeemed.json();
  for (const instance of [0, 1, 2]) {
    deployment.direct(instance);
    const { status } = await callOnce(url, tokens.access_token, "list_environments");
    assertEquals(status, 200);
  }
  deployment.direct(1);
  const refreshed = await post({
    grant_type: "refresh_token",
    client_id,
    refresh_token: tokens.refresh_token,
    resource,
  });
  assertEquals(refreshed.status, 200);
  deployment.direct(2);
  const fresh = (await refreshed.json()).access_token;
  assertEquals((await callOnce(url, fresh, "list_environments")).status, 200);
  // A code is good once, whoever is asked (RFC 6749 section 4.1.2), and a second time ends what came of it.
  const again = await post(grant);
  assertEquals([again.status, (await again.json()).error], [400, "invalid_grant"]);
  const statusOfFresh = async () => (await callOnce(url, fresh, "list_environments")).status;
  for (let tries = 0; await statusOfFresh() !== 401; tries++) {
    assert(tries < 200, "the tokens of a stolen code are still good");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  deployment.direct();
}
