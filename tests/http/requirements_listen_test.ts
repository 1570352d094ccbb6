import { connect } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { createPipeline, MODERN_META, modernBody, modernRequest } from "../support/pipeline.ts";
import { startIssuer, startServer } from "../support/server.ts";
import type { RunningIssuer, RunningServer } from "../support/server.ts";
import { sendRaw } from "../support/socket.ts";

const AUDIENCE = "http://localhost:1/mcp";

/** The server on a real socket, with an external issuer. */
async function withServer(
  work: (server: RunningServer, issuer: RunningIssuer) => Promise<void>,
): Promise<void> {
  const issuer = await startIssuer(AUDIENCE);
  const server = await startServer({
    env: {
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      GATEHOUSE_AUDIENCE: AUDIENCE,
    },
  });
  try {
    await work(server, issuer);
  } finally {
    await server.stop();
    await issuer.stop();
  }
}

/** The headers of a valid request but for its Host. */
function headersFor(token: string, body: { method?: unknown; params?: unknown }): string[] {
  const { name } = body.params as { name?: string };
  return [
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    "mcp-protocol-version: 2026-07-28",
    `mcp-method: ${body.method}`,
    ...(name === undefined ? [] : [`mcp-name: ${name}`]),
  ];
}

test("listener: a Host that is not exactly ours is refused on the wire, whatever a parser makes of it (R64, H118, H121-H126)", () =>
  withServer(async ({ port, lines }, issuer) => {
    const body = modernBody("whoami", {});
    const send = async (host: string, target = "/mcp") =>
      await sendRaw(
        port,
        [`POST ${target} HTTP/1.1`, `host: ${host}`, ...headersFor(await issuer.token(), body)],
        JSON.stringify(body),
      );
    for (const host of [`localhost:${port}`, `LocalHost:${port}`, `127.0.0.1:${port}`]) {
      assertEquals((await send(host)).status, 200, host);
    }
    const calls = () => lines.filter(({ properties }) => properties["tool"] === "whoami").length;
    assertEquals(calls(), 3);
    const evil = [
      "evil.example",
      `evil.example:${port}`,
      "localhost",
      `localhost:${port + 1}`,
      `localhost.:${port}`,
      `localhost.evil.example:${port}`,
      `evil@localhost:${port}`,
      `evil.com@127.0.0.1:${port}`,
      `localhost:${port}@evil.com`,
      `localhost/evil:${port}`,
      `localhost:${port}/evil`,
      `localhost:${port}?evil`,
      `localhost:${port}#evil`,
      `2130706433:${port}`,
      `0x7f.1:${port}`,
      `127.1:${port}`,
      `127.0.0.2:${port}`,
      `0.0.0.0:${port}`,
      `[::ffff:127.0.0.1]:${port}`,
      `localhost:${port}, evil.example`,
      "",
    ];
    for (const host of evil) {
      const { status, headers, body } = await send(host);
      assert(status >= 400 && status < 500, `${host}: ${status}`);
      assertEquals(headers.get("access-control-allow-origin"), undefined);
      assertFalse(/evil|at .*\.ts|<html/i.test(body), `${host}: ${body}`);
      assert(body.length < 2048, host);
    }
    // Bun drops the authority of such a target before anybody sees it, so there the Host alone counts.
    if (process.versions["bun"] === undefined) {
      const { status } = await send(`localhost:${port}`, "http://evil.example/mcp");
      assert(status >= 400, `absolute form: ${status}`);
    }
    assertEquals(calls(), 3, "no tool ran");
    assertEquals((await send(`localhost:${port}`)).status, 200);
  }));

test("listener: it is on 127.0.0.1 and on no other address of the machine (R65)", () =>
  withServer(async ({ port }) => {
    const reach = (address: string) =>
      new Promise<boolean>((resolve) => {
        const socket = connect({ host: address, port, timeout: 2000 });
        const end = (reached: boolean) => {
          socket.destroy();
          resolve(reached);
        };
        socket.on("connect", () => end(true));
        socket.on("error", () => end(false));
        socket.on("timeout", () => end(false));
      });
    assert(await reach("127.0.0.1"));
    // All of 127/8 is this machine, so what listens on every address is there too.
    assertFalse(await reach("127.0.0.2"));
  }));

test("listener: two connections get one list, whatever else they carried (R57)", () =>
  withServer(async ({ port }, issuer) => {
    const token = await issuer.token({ claims: { sub: "client-1", scope: "org:read" } });
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: MODERN_META } };
    const send = (body: { method?: unknown; params?: unknown }) =>
      sendRaw(
        port,
        ["POST /mcp HTTP/1.1", `host: localhost:${port}`, ...headersFor(token, body)],
        JSON.stringify(body),
      );
    const first = await send(list);
    assertEquals((await send(modernBody("create_organization", {}))).status, 403);
    const second = await send(list);
    assertEquals([first.status, second.body], [200, first.body]);
    const names = JSON.parse(first.body).result.tools.map(({ name }: { name: string }) => name);
    assertEquals(names, names.toSorted());
    assert(names.includes("list_organizations") && !names.includes("create_organization"));
  }));

test("listener: a silent stream says that it is alive, and passes through proxies (R78)", {
  timeout: 20_000,
}, async () => {
  const pipeline = await createPipeline();
  try {
    const token = await pipeline.issuer.token();
    const request = modernRequest(token, { body: modernBody("wait", {}, { progressToken: "p" }) });
    const response = await pipeline.handler(request, "::1");
    assertEquals(response.headers.get("x-accel-buffering"), "no");
    assertMatch(response.headers.get("cache-control")!, /no-cache.*no-transform/);
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let text = "";
    // The comment comes after five seconds.
    while (!/^:/m.test(text)) {
      const { done, value } = await reader.read();
      if (done) throw new Error("The stream ended");
      text += decoder.decode(value, { stream: true });
    }
    assertMatch(text, /notifications\/progress[\s\S]*^:.*\n\n/m);
    await reader.cancel();
  } finally {
    await pipeline.close();
  }
});
