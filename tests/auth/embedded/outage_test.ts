/** The authorization server while its database is away: callers learn when to come back, and nothing else. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { openStore } from "../../../store/mod.ts";
import { dropSchemasAfter, needsPostgres, newLocation, SERVER } from "../../support/postgres.ts";
import { startTcpProxy } from "../../support/tcp_proxy.ts";
import { withServer } from "./support.ts";

dropSchemasAfter();

test(
  "while the database is away requests are refused with 503 and Retry-After, and go on when it is back",
  needsPostgres,
  async () => {
    const { hostname, port } = new URL(SERVER);
    const proxy = await startTcpProxy({ host: hostname, port: Number(port || 5432) });
    const location = new URL(newLocation());
    location.hostname = "127.0.0.1";
    location.port = String(proxy.port);
    const store = await openStore(location.href, { now: () => new Date() });
    await withServer({ store }, async ({ addClient, post, register, logs }) => {
      const { basic } = await addClient();
      const ask = () => post("/token", { grant_type: "client_credentials" }, basic);
      assertEquals((await ask()).status, 200);
      await proxy.stop();
      const refused = await ask();
      assertEquals(refused.status, 503);
      assert(Number(refused.headers.get("retry-after")) > 0);
      assertEquals(await refused.json(), {
        error: "temporarily_unavailable",
        error_description: "The store cannot be used now; try again later",
      });
      assertEquals((await register())["error"], "temporarily_unavailable");
      const failures = logs.filter(({ message }) => message === "The authorization server failed");
      assert(failures.length >= 2);
      for (const { properties } of failures) {
        assert(["unreachable", "connection_lost"].includes(String(properties?.["reason"])));
      }
      await proxy.start();
      assertEquals((await ask()).status, 200);
    });
    await store.close();
    await proxy.stop();
  },
);
