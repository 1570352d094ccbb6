/** What the bridge's exchange must not do twice. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { createExchange } from "../../../cli/connect/exchange.ts";
import { createTokenSource } from "../../../cli/connect/tokens.ts";
import { AppError } from "../../../errors.ts";
import { CLIENT } from "./parts.ts";

const silent = { debug() {}, info() {}, warning() {}, error() {} };

test("a tool call whose connection breaks off is not sent again by the runtime", async () => {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    // The connection is kept after the first, so that a second request goes over it.
    if (body === "call") request.socket.destroy();
    else response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const resource = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    const tokens = createTokenSource({
      resource,
      client: CLIENT,
      scopes: [],
      now: Date.now,
      logger: silent,
    });
    const headers = { authorization: "Bearer own" };
    const exchange = createExchange({ resource, headers, tokens, logger: silent });
    const { signal } = new AbortController();
    for (const body of ["list", "list"]) {
      const outgoing = { method: "POST", headers: {}, body, signal } as const;
      await (await exchange(outgoing)).response.text();
    }
    await assertRejects(
      () => exchange({ method: "POST", headers: {}, body: "call", signal, mayHaveRun: true }),
      AppError,
    );
    assertEquals(bodies, ["list", "list", "call"]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
