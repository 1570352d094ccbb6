/** The limits over real sockets: who floods is refused, everybody else is served, and all of it passes. */

import { connect } from "node:net";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { parseList } from "structured-headers";
import { listen } from "../../../http/listen.ts";
import { limitsWith } from "../../support/limits.ts";
import { createPipeline, modernBody } from "../../support/pipeline.ts";
import { startIssuer, startServer } from "../../support/server.ts";
import type { RunningIssuer, RunningServer } from "../../support/server.ts";
import { sendRaw } from "../../support/socket.ts";

const AUDIENCE = "api://limits";

async function withServer(
  settings: Record<string, unknown>,
  env: Record<string, string>,
  body: (server: RunningServer, issuer: RunningIssuer) => Promise<void>,
): Promise<void> {
  const issuer = await startIssuer(AUDIENCE, "env:read");
  const file = join(tmpdir(), `gatehouse-${crypto.randomUUID()}.json`);
  await writeFile(file, JSON.stringify(settings));
  const server = await startServer({
    env: {
      GATEHOUSE_CONFIG: file,
      GATEHOUSE_RATE_LIMIT: "on",
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      GATEHOUSE_AUDIENCE: AUDIENCE,
      ...env,
    },
  });
  try {
    await body(server, issuer);
  } finally {
    await server.stop();
    await issuer.stop();
    await rm(file);
  }
}

function lines(
  host: string,
  token: string,
  tool: string,
  more: readonly string[] = [],
): readonly string[] {
  return [
    "POST /mcp HTTP/1.1",
    `host: ${host}`,
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    "accept: application/json, text/event-stream",
    "mcp-protocol-version: 2026-07-28",
    "mcp-method: tools/call",
    `mcp-name: ${tool}`,
    ...more,
  ];
}

const call = (server: RunningServer, token: string, more?: readonly string[]) =>
  sendRaw(
    server.port,
    lines(`localhost:${server.port}`, token, "whoami", more),
    JSON.stringify(modernBody("whoami", {})),
  );

test("serve: a client that floods gets 429 while another is served, and is served again later (R81)", () =>
  withServer(
    { rateLimit: { client: { points: 10, seconds: 2 }, concurrent: 100 } },
    {},
    async (server, issuer) => {
      const [flooding, other] = [
        await issuer.token({ claims: { client_id: "flooding" } }),
        await issuer.token({ claims: { client_id: "other" } }),
      ];
      const flood = await Promise.all(
        Array.from({ length: 30 }, () => call(server, flooding)),
      );
      const refused = flood.filter(({ status }) => status === 429);
      assert(refused.length > 0 && refused.length < 30);
      const first = refused[0]!;
      const [[policy, quota]] = parseList(first.headers.get("ratelimit-policy")!) as [
        [string, Map<string, unknown>],
      ];
      assertEquals([policy, quota.get("q"), quota.get("w")], ["client", 10, 2]);
      const wait = Number(first.headers.get("retry-after"));
      assertEquals(JSON.parse(first.body).retry_after_seconds, wait);
      assertEquals((await call(server, other)).status, 200);

      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
      assertEquals((await call(server, flooding)).status, 200, "when it was told to come back");
    },
  ));

test("serve: behind a trusted proxy one address that floods leaves room for the others (H233)", () =>
  withServer(
    { rateLimit: { address: { points: 5, seconds: 60 } } },
    { GATEHOUSE_TRUSTED_PROXIES: "127.0.0.1" },
    async (server, issuer) => {
      const token = await issuer.token();
      const from = (forwarded: string) =>
        call(server, token, [`X-Forwarded-For: ${forwarded}`]).then(({ status }) => status);
      const statuses = [];
      for (let turn = 0; turn < 7; turn += 1) {
        statuses.push(await from(`192.0.2.${turn}, 198.51.100.1`));
      }
      assertEquals(statuses, [200, 200, 200, 200, 200, 429, 429]);
      assertEquals(await from("198.51.100.2"), 200);
    },
  ));

test("serve: without limits nothing is counted, and nothing said of budgets", () =>
  withServer(
    { rateLimit: { client: { points: 1, seconds: 60 }, concurrent: 1 } },
    { GATEHOUSE_RATE_LIMIT: "off" },
    async (server, issuer) => {
      const token = await issuer.token();
      for (const { status, headers } of [await call(server, token), await call(server, token)]) {
        assertEquals([status, headers.has("ratelimit")], [200, false]);
      }
    },
  ));

test("a client's streams are capped, and one that is hung up makes room (H166)", async () => {
  const pipeline = await createPipeline({ deps: { limits: limitsWith({ streams: 3 }) } });
  const listener = listen({ host: "127.0.0.1", port: 0, handler: pipeline.handler });
  try {
    const token = await pipeline.issuer.token();
    const streams = await Promise.all([0, 1, 2].map(() => openStream(listener.port, token)));
    assertEquals(streams.map(({ status }) => status), [200, 200, 200]);
    const refused = await openStream(listener.port, token);
    refused.hangUp();
    assertEquals([refused.status, pipeline.runs.get("wait")], [429, 3]);

    streams[0]!.hangUp();
    const deadline = Date.now() + 10_000;
    let again = await openStream(listener.port, token);
    while (again.status === 429 && Date.now() < deadline) {
      again.hangUp();
      await new Promise((resolve) => setTimeout(resolve, 50));
      again = await openStream(listener.port, token);
    }
    assertEquals(again.status, 200);
    for (const stream of [...streams, again]) stream.hangUp();
  } finally {
    await pipeline.close();
    await listener.stop(1000);
  }
});

/** Opens a call whose answer does not end by itself, and reads no more of it than the status. */
function openStream(
  port: number,
  token: string,
): Promise<{ status: number; hangUp: () => void }> {
  const body = JSON.stringify(modernBody("wait", {}, { progressToken: 1 }));
  const head = [
    ...lines("localhost:8000", token, "wait"),
    `content-length: ${body.length}`,
  ].join("\r\n");
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", reject);
    socket.once("data", (chunk) => {
      const status = Number(String(chunk).split(" ")[1]);
      resolve({ status, hangUp: () => socket.destroy() });
    });
    socket.write(`${head}\r\n\r\n${body}`);
  });
}
