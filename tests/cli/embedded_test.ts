import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals, assertNotEquals } from "@std/assert";
import { openStore } from "../../store/mod.ts";
import { withDirectory } from "../support/process.ts";
import { startServer } from "../support/server.ts";

test("a server whose key file was removed starts with new keys and one client of the command line", () =>
  withDirectory(async (path) => {
    const location = `sqlite:${join(path, "gatehouse.db")}`;
    const keyFile = join(path, "gatehouse.keys.json");
    const startOnce = async () => {
      await (await startServer({ env: { GATEHOUSE_STORE: location } })).stop();
      return JSON.parse(await readFile(keyFile, "utf8"));
    };
    const before = await startOnce();
    await rm(keyFile);
    const after = await startOnce();
    assertNotEquals(after.signingKeys[0].kid, before.signingKeys[0].kid);

    const store = await openStore(location, { now: () => new Date() });
    const clients = await store.clients.list();
    await store.close();
    assertEquals(clients.map(({ clientId }) => clientId), [after.cliClient.clientId]);
  }));
