/** What a bridge passes on, and what it says itself, against a server that a test scripts. */

import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bridgeTo, MODERN } from "./parts.ts";
import { resultFor, withRemote } from "./remote.ts";
import type { Answer, Received } from "./remote.ts";

const STREAM = { "content-type": "text/event-stream" };

function event(message: unknown, id?: string): string {
  const head = id === undefined ? "" : `id: ${id}\n`;
  return `${head}data: ${JSON.stringify(message)}\n\n`;
}

function idOf({ body }: Received): unknown {
  return JSON.parse(body).id;
}

test("a message of 2026-07-28 travels with the headers that its body says", () =>
  withRemote({ mcp: (received) => resultFor(received) }, async ({ url, calls }) => {
    const { ask } = bridgeTo(url);
    await ask("ä", "tools/call", { name: "lösche alles", ...MODERN });
    const { headers, body } = calls[0]!;
    assertEquals(headers["mcp-protocol-version"], "2026-07-28");
    assertEquals(headers["mcp-method"], "tools/call");
    assertEquals(headers["mcp-name"], "=?base64?bMO2c2NoZSBhbGxlcw==?=");
    assertEquals(headers["mcp-session-id"], undefined);
    assertEquals(JSON.parse(body).id, "ä");
    await ask(2, "tools/list", MODERN);
    assertEquals(calls[1]!.headers["mcp-name"], undefined);
  }));

test("arguments that a listed tool wants in headers travel there too", () => {
  const properties = { tenant: { type: "string", "x-mcp-header": "Tenant" } };
  const tools = [{ name: "pay", inputSchema: { type: "object", properties } }];
  return withRemote({
    mcp: (received) => resultFor(received, { tools }),
  }, async ({ url, calls }) => {
    const { ask } = bridgeTo(url);
    const call = { name: "pay", arguments: { tenant: "acme" } };
    await ask(1, "tools/list", MODERN);
    await ask(2, "tools/call", { ...call, ...MODERN });
    assertEquals(calls[1]!.headers["mcp-param-tenant"], "acme");
    await ask(3, "initialize");
    await ask(4, "tools/call", call);
    assertEquals(calls[3]!.headers["mcp-param-tenant"], undefined, "a matter of 2026-07-28");
  });
});

test("the text of a message goes on as it is, in both directions", () => {
  const text = '{"jsonrpc":"2.0","id":7,"method":"ping","params":{"big":12345678901234567890}}';
  const answer = '{"jsonrpc":"2.0","id":7,"result":{"big":98765432109876543210}}';
  const headers = { "content-type": "application/json" };
  return withRemote({ mcp: () => ({ headers, body: answer }) }, async ({ url, calls }) => {
    const { bridge, lines } = bridgeTo(url);
    bridge.receive(text);
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals([calls[0]!.body, ...lines], [text, answer]);
  });
});

test("before 2026-07-28 the session and the agreed revision travel along, and end with DELETE", () =>
  withRemote({
    mcp(received): Answer {
      if (received.method !== "POST") return { status: received.method === "GET" ? 405 : 204 };
      if (!("id" in JSON.parse(received.body))) return { status: 202 };
      const { body } = resultFor(received, { protocolVersion: "2025-06-18" });
      return { headers: { "mcp-session-id": "s-1" }, body };
    },
  }, async ({ url, calls }) => {
    const { ask, tell, bridge } = bridgeTo(url);
    await ask(1, "initialize", { protocolVersion: "2025-11-25" });
    tell({ method: "notifications/initialized" });
    await ask(2, "tools/list");
    assertEquals(await bridge.close(), "served");
    const seen = calls.map(({ method, headers }) => [
      method,
      headers["mcp-session-id"],
      headers["mcp-protocol-version"],
      headers["mcp-method"],
    ]);
    assertEquals(seen[0], ["POST", undefined, undefined, undefined]);
    assertEquals(seen[1], ["POST", "s-1", "2025-06-18", undefined]);
    assertEquals(seen.at(-1), ["DELETE", "s-1", "2025-06-18", undefined]);
    assertEquals(new Set(seen.map(([method]) => method)), new Set(["POST", "GET", "DELETE"]));
  }));

test("events arrive one by one, comments are ignored, and the rest of the stream is not waited for", () => {
  let finish: () => void = () => {};
  return withRemote({
    mcp(received, response) {
      response.writeHead(200, STREAM);
      response.write(": keep-alive\n\nevent: other\ndata: no message\n\n");
      response.write(event({ jsonrpc: "2.0", method: "notifications/progress", params: { n: 1 } }));
      finish = () => void response.write(event({ jsonrpc: "2.0", id: idOf(received), result: {} }));
      return undefined;
    },
  }, async ({ url }) => {
    const { ask, said } = bridgeTo(url);
    const answer = ask(1, "tools/call", { name: "slow" });
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(said, [{ jsonrpc: "2.0", method: "notifications/progress", params: { n: 1 } }]);
    finish();
    assertEquals((await answer).result, {});
  });
});

test("a stream that breaks before the answer is an error to the host, and never a silence", () =>
  withRemote({
    mcp(_received, response) {
      response.writeHead(200, STREAM);
      response.write(event({ jsonrpc: "2.0", method: "notifications/progress", params: {} }));
      setTimeout(() => response.destroy(), 20);
      return undefined;
    },
  }, async ({ url }) => {
    const { error } = await bridgeTo(url).ask(1, "tools/call", { name: "slow" });
    assertMatch(error.message, /connection ended before the answer.*may have been done/);
  }));

test("a stream whose events have ids is taken up where it broke", () =>
  withRemote({
    mcp(received, response) {
      if (received.method === "GET") {
        const last = received.headers["last-event-id"];
        if (last === undefined) return { status: 405 };
        return {
          headers: STREAM,
          body: event({ jsonrpc: "2.0", id: 1, result: { after: last } }, "e2"),
        };
      }
      response.writeHead(200, STREAM);
      response.end("id: e1\nretry: 1\ndata: \n\n");
      return undefined;
    },
  }, async ({ url }) => {
    assertEquals((await bridgeTo(url).ask(1, "tools/call", {})).result, { after: "e1" });
  }));

test("a server that breaks every stream is given up on", () =>
  withRemote({
    mcp: () => ({ headers: STREAM, body: "id: e1\nretry: 1\ndata: \n\n" }),
  }, async ({ url, calls }) => {
    const { error } = await bridgeTo(url).ask(1, "tools/call", {});
    assertMatch(error.message, /connection ended/);
    assert(calls.length <= 6, `${calls.length} requests`);
  }));

test("cancelling closes the stream of that request alone, and brings no answer", () => {
  const open = new Set<unknown>();
  return withRemote({
    mcp(received, response) {
      if (JSON.parse(received.body).method === "ping") return resultFor(received);
      open.add(idOf(received));
      response.on("close", () => open.delete(idOf(received)));
      response.writeHead(200, STREAM);
      response.write(": open\n\n");
      return undefined;
    },
  }, async ({ url, calls }) => {
    const { ask, tell, said, bridge } = bridgeTo(url);
    for (const id of ["one", "two"]) {
      tell({ id, method: "tools/call", params: { name: "wait", ...MODERN } });
    }
    while (open.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    tell({ method: "notifications/cancelled", params: { requestId: "one" } });
    while (open.size > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals([...open], ["two"]);
    await ask(3, "ping", MODERN);
    assertEquals(said.map(({ id }) => id), [3]);
    assertEquals(calls.length, 3, "no message says so over HTTP");
    await bridge.close();
    while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

test("a forgotten session is told with every request until the host begins anew", () => {
  let known = true;
  return withRemote({
    mcp(received): Answer {
      if (received.method !== "POST") return { status: 405 };
      const { method } = JSON.parse(received.body);
      if (method === "initialize") known = true;
      if (!known) {
        return { status: 404, body: { jsonrpc: "2.0", id: null, error: { code: -32001 } } };
      }
      const { body } = resultFor(received, { protocolVersion: "2025-11-25" });
      return { headers: { "mcp-session-id": "s" }, body };
    },
  }, async ({ url, calls }) => {
    const { ask, bridge } = bridgeTo(url);
    await ask(1, "initialize");
    known = false;
    for (const id of [2, 3]) {
      assertMatch((await ask(id, "tools/list")).error.message, /has ended this session/);
    }
    await ask(4, "initialize");
    assertEquals((await ask(5, "tools/list")).error, undefined);
    known = false;
    await ask(6, "tools/list");
    await bridge.close();
    assertEquals(calls.at(-1)!.method, "POST", "what is gone is not deleted");
  });
});

test("an error of the server's protocol side is passed on under the id of the request", () =>
  withRemote({
    mcp: () => ({
      status: 400,
      body: { jsonrpc: "2.0", id: null, error: { code: -32022, message: "no", data: { x: 1 } } },
    }),
  }, async ({ url }) => {
    const { error } = await bridgeTo(url).ask("q", "server/discover", MODERN);
    assertEquals(error, { code: -32022, message: "no", data: { x: 1 } });
  }));

test("an answer that is no message, of another kind, too big or for another request is an error", async () => {
  const cases: [Answer, RegExp][] = [
    [{ body: "<html>", headers: { "content-type": "text/html" } }, /answered 200 with text\/html/],
    [{ body: [] }, /not a JSON-RPC message/],
    [{ body: { jsonrpc: "2.0", id: 99, result: {} } }, /connection ended/],
    [{ status: 202 }, /answer is not a JSON-RPC message/],
    [{ status: 500, body: "boom" }, /refused the request with status 500/],
    [{ status: 404, body: "" }, /There is nothing at http/],
    [{ headers: STREAM, body: "data: {]\n\n" }, /not a JSON-RPC message/],
    [{ headers: STREAM, body: `data: ${"x".repeat(17 * 1024 * 1024)}` }, /too long/],
    [
      { headers: { "content-type": "application/json" }, body: " ".repeat(17 * 1024 * 1024) },
      /too big/,
    ],
  ];
  for (const [answer, message] of cases) {
    await withRemote({ mcp: () => answer }, async ({ url }) => {
      const { said, ask } = bridgeTo(url);
      assertMatch((await ask(1, "ping")).error.message, message);
      assertEquals(said.length, 1);
    });
  }
});

test("lines that are no message get an error, and the next one is served", () =>
  withRemote({ mcp: (received) => resultFor(received) }, async ({ url, calls }) => {
    const { bridge, said, ask } = bridgeTo(url);
    const bad = ["{", "[]", "1", '{"id":1}', '{"jsonrpc":"2.0","id":null,"method":"x"}'];
    for (const line of bad) bridge.receive(line);
    bridge.receive({ why: "it has more than 1 bytes" });
    await ask(1, "ping");
    assertEquals(said.map(({ id, error }) => [id, error?.code]), [
      [null, -32700],
      [null, -32600],
      [null, -32600],
      [null, -32600],
      [null, -32600],
      [null, -32700],
      [1, undefined],
    ]);
    assertEquals(calls.length, 1);
  }));

test("an id in use is not taken twice", () =>
  withRemote({ mcp: (received) => resultFor(received) }, async ({ url, calls }) => {
    const { tell, ask, said } = bridgeTo(url);
    tell({ id: 1, method: "ping" });
    const { error } = await ask(1, "ping");
    assertMatch(error.message, /that id is in use/);
    await ask("1", "ping");
    assertEquals([calls.length, said.length >= 2], [2, true]);
  }));
