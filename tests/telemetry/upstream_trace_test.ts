import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { clientTracing } from "../../telemetry/trace.ts";
import { EXECUTABLES, ROOT } from "../support/build.ts";
import { startCollector } from "../support/collector.ts";
import { needs, startProcess, withDirectory } from "../support/process.ts";
import { startIssuer } from "../support/server.ts";
import { startCanary, startTokenServer, UPSTREAM_CLIENT } from "../support/upstream.ts";
import { callTool } from "../e2e/wire.ts";

const AUDIENCE = "http://localhost:1/mcp";

test("calls to upstreams have no spans where nobody takes spans", () => {
  assertEquals(clientTracing(), undefined);
});

test(
  "a call to an upstream is a client span of the tool's, and carries its context there",
  { ...needs("deno"), timeout: 60_000 },
  () =>
    withDirectory(async (path) => {
      const collector = await startCollector();
      const issuer = await startIssuer(AUDIENCE, "org:read");
      const [tokens, canary] = [await startTokenServer(issuer), await startCanary()];
      const config = join(path, "config.json");
      const { issuer: name, jwksUri } = issuer;
      const auth = {
        kind: "token_exchange",
        tokenUrl: tokens.tokenUrl,
        subjectIssuers: [name],
        ...UPSTREAM_CLIENT,
      };
      writeFileSync(
        config,
        JSON.stringify({
          issuers: [{ issuer: name, jwksUri, audiences: [AUDIENCE] }],
          upstreams: { delegated: { baseUrl: canary.url, allowPrivate: true, auth } },
        }),
      );
      const server = await startProcess({
        command: [EXECUTABLES.deno, "run", "-A", join(ROOT, "tests/support/upstream_main.ts")],
        env: { ...collector.env, GATEHOUSE_CONFIG: config },
      });
      try {
        const token = await issuer.token();
        const input = { to: "delegated", path: "/canary-path?q=canary-query" };
        const called = await callTool(server.url, "relay", { token, input });
        assertEquals((await called.text()).includes("canary-path"), true);
        const deadline = Date.now() + 10_000;
        const find = (name: string) => collector.spans.find((span) => span.name === name);
        while (!(find("GET delegated") && find("handle relay")) && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        const span = find("GET delegated")!;
        assertEquals([span.kind, span.failed, span.parentSpanId], [
          3,
          false,
          find("handle relay")!.spanId,
        ]);
        const { "server.port": port, "http.response.status_code": status, ...attributes } =
          span.attributes;
        assertEquals([Number(port), Number(status), attributes], [canary.port, 200, {
          "http.request.method": "GET",
          "server.address": "127.0.0.1",
          "gatehouse.upstream": "delegated",
        }]);
        const [sent] = canary.seen;
        assertEquals(sent!.headers["traceparent"], `00-${span.traceId}-${span.spanId}-01`);
        assertEquals(sent!.headers["baggage"], undefined);
        const [_, signature = ""] = /\.([^.]+)$/.exec(token) ?? [];
        for (const body of collector.bodies) {
          for (const secret of [signature, ...tokens.issued]) assert(!body.includes(secret));
        }
        // Deno's own spans have the URL (docs/operations.md, Traces); ours have neither path nor query.
        const ours = collector.spans.filter(({ attributes }) => !("url.full" in attributes));
        assert(ours.length > 5);
        assert(!/canary-(path|query)/.test(JSON.stringify(ours)));
      } finally {
        await server.stop();
        for (const running of [issuer, tokens, canary, collector]) await running.stop();
      }
    }),
);
