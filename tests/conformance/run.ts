/** Holds the production pipeline to the official conformance suite: `deno task conformance [--update]`. */

import process from "node:process";
import { parseArgs } from "node:util";
import { createTestIssuer } from "../support/issuer.ts";
import { MODERN_META } from "../support/pipeline.ts";
import { freePort, startIssuer, startServer } from "../support/server.ts";
import { compare, readBaseline, withGains, writeBaseline } from "./baseline.ts";
import { createFixtures } from "./fixtures.ts";
import { startProxy } from "./proxy.ts";
import { runSuite } from "./suite.ts";
import type { Verdict } from "./suite.ts";

const REVISIONS = ["2026-07-28", "2025-11-25", "2025-06-18"];

const { values } = parseArgs({ options: { update: { type: "boolean", default: false } } });
process.exit(await withServer((url) => holdToBaseline(url, values.update)) ? 0 : 1);

/** Starts an issuer, the server and the proxy, whose address is the server's public URL, and ends them after `run`. */
async function withServer(run: (url: string) => Promise<boolean>): Promise<boolean> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}/mcp`;
  const issuer = await startIssuer(url);
  const server = await startServer({
    env: {
      GATEHOUSE_URL: origin,
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
    },
    app: { mcp: createFixtures() },
  });
  const proxy = await startProxy({ port, target: server.port, token: () => issuer.token() });
  try {
    const impostor = await createTestIssuer({ issuer: issuer.issuer, audience: url });
    await checkHealth(url, await impostor.token());
    return await run(url);
  } finally {
    await proxy.stop();
    await server.stop();
    await issuer.stop();
  }
}

/** Some scenarios pass against a dead server, and all of them against an open one; so neither may be the case. */
async function checkHealth(url: string, forgedToken: string): Promise<void> {
  const modern = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" };
  const legacy = { "mcp-protocol-version": "2025-11-25" };
  for (const [headers, params] of [[modern, { _meta: MODERN_META }], [legacy, {}]] as const) {
    const listTools = (more: Record<string, string>) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers, ...more },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params }),
        signal: AbortSignal.timeout(10_000),
      });
    const listed = await listTools({});
    const text = await listed.text();
    if (listed.status !== 200 || !text.includes('"test_simple_text"')) {
      throw new Error(`The server is not healthy: tools/list gave ${listed.status} ${text}`);
    }
    const refused = await listTools({ authorization: `Bearer ${forgedToken}` });
    await refused.body?.cancel();
    if (refused.status !== 401) {
      throw new Error(`The server is open: a forged token gave ${refused.status}`);
    }
  }
}

/** Prints one line a revision, then what differs from the baseline; true when nothing got worse. */
async function holdToBaseline(url: string, update: boolean): Promise<boolean> {
  const baseline = await readBaseline();
  const differences: string[] = [];
  let sound = true;
  for (const revision of REVISIONS) {
    const recorded = baseline[revision] ?? {};
    const verdicts = await runSuite(revision, url);
    const required = verdicts.filter((verdict) => verdict.required);
    const failing = required.filter((verdict) => verdict.failed > 0);
    const count = `${revision}: ${required.length - failing.length}/${required.length}`;
    console.log(failing.length === 0 ? count : `${count} (fails ${namesOf(failing)})`);
    const { regressions, gains } = compare(recorded, verdicts);
    if (regressions.length > 0) sound = false;
    for (const regression of regressions) differences.push(`${revision}: ${regression}`);
    if (gains.length > 0) {
      const what = update ? "recorded as passing" : "passes now, record it with --update";
      differences.push(`${revision}: ${what}: ${namesOf(gains)}`);
    }
    baseline[revision] = withGains(recorded, gains);
  }
  for (const difference of differences) console.log(difference);
  if (update) await writeBaseline(baseline);
  return sound;
}

function namesOf(verdicts: readonly Verdict[]): string {
  return verdicts.map((verdict) => verdict.scenario).join(", ");
}
