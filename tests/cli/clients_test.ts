import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { exportJWK, generateKeyPair } from "jose";
import {
  assertEquals,
  assertFalse,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { addClient, removeClient } from "../../cli/clients.ts";
import { loadConfig } from "../../cli/config.ts";
import { AppError } from "../../errors.ts";
import type { AuditEvent } from "../../store/audit.ts";
import { openStore } from "../../store/mod.ts";
import { gatehouse, withFolder, withServer } from "./support.ts";

const storeIn = (folder: string) => ({
  GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}`,
});

async function onDisk(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1")),
  );
  return texts.join("\n");
}

test("clients add prints the secret once and stores its hash only", () =>
  withFolder(async (folder) => {
    const env = storeIn(folder);
    const add = await gatehouse(["clients", "add", "ci", "--scopes", "env:read,org:read"], env);
    assertEquals([add.code, add.err], [
      0,
      "The secret is shown this once; only its hash is stored",
    ]);
    const [, id, secret] = /^client_id +(m2m_\w+)\nclient_secret +(\S+)\nscopes +/.exec(add.out)!;
    assertStringIncludes(add.out, "env:read org:read");

    for (const args of [["clients", "list"], ["clients", "list", "--json"]]) {
      const list = await gatehouse(args, env);
      assertStringIncludes(list.out, id!);
      assertFalse(list.out.includes(secret!));
      assertFalse(/hash/i.test(list.out));
    }
    const written = await onDisk(folder);
    assertFalse(written.includes(secret!));
    assertEquals(written.match(/"event":"client\.added"/g)?.length, 1, "one record");
    const store = await openStore(env.GATEHOUSE_STORE, { now: () => new Date() });
    const hash = createHash("sha256").update(secret!).digest("hex");
    assertEquals((await store.clients.find(id!))?.secretHash, hash);
    await store.close();
  }));

test("clients list --json has the clients, oldest first; without any it says so", () =>
  withFolder(async (folder) => {
    const env = storeIn(folder);
    assertEquals((await gatehouse(["clients", "list"], env)).out, "There are no clients");
    for (const name of ["one", "two"]) {
      await gatehouse(["clients", "add", name, "--scopes", "env:read"], env);
    }
    const { out } = await gatehouse(["clients", "list", "--json"], env);
    const clients = JSON.parse(out) as Record<string, unknown>[];
    assertEquals(clients.map(({ name, scopes }) => [name, scopes]), [
      ["one", ["env:read"]],
      ["two", ["env:read"]],
    ]);
    assertEquals(Object.keys(clients[0]!).sort(), ["clientId", "createTime", "name", "scopes"]);
  }));

test("clients add --jwks registers a client with a key and no secret", () =>
  withFolder(async (folder) => {
    const env = storeIn(folder);
    const { publicKey } = await generateKeyPair("ES256");
    const file = join(folder, "jwks.json");
    const key = { ...await exportJWK(publicKey), kid: "k1", alg: "ES256" };
    await writeFile(file, JSON.stringify({ keys: [key] }));
    const args = ["clients", "add", "signer", "--scopes", "env:read", "--jwks", file, "--json"];
    const add = await gatehouse(args, env);
    assertEquals([add.code, add.err], [0, ""]);
    assertEquals(Object.keys(JSON.parse(add.out)), ["client_id"]);

    await writeFile(file, "{");
    const bad = await gatehouse(["clients", "add", "x", "--scopes", "a", "--jwks", file], env);
    assertEquals([bad.code, bad.out], [2, ""]);
    assertMatch(bad.err, /is not a readable JWK Set/);
  }));

test("clients refuses what it cannot do, and says which kind of mistake it is", () =>
  withFolder(async (folder) => {
    const env = storeIn(folder);
    await gatehouse(["clients", "add", "ci", "--scopes", "env:read"], env);
    const refused: [readonly string[], number, RegExp][] = [
      [["clients", "add", "ci", "--scopes", "env:read"], 1, /choose another name/],
      [["clients", "add", "other", "--scopes", "env:nothing"], 2, /env:nothing/],
      [["clients", "add", "other"], 2, /--scopes/],
      [["clients", "remove", "nobody"], 1, /No client has this id or name/],
      [["clients", "list", "--store", "sqlite::memory:"], 2, /in memory/],
    ];
    for (const [args, code, message] of refused) {
      const done = await gatehouse(args, env);
      assertEquals([done.code, done.out], [code, ""], args.join(" "));
      assertMatch(done.err, message);
    }
    const { out } = await gatehouse(["clients", "list", "--json"], env);
    assertEquals(JSON.parse(out).length, 1);
  }));

test("clients remove takes effect at once at the running server", () =>
  withServer(async (scene) => {
    const add = await scene.gatehouse(["clients", "add", "ci", "--scopes", "env:read", "--json"]);
    const { client_id, client_secret } = JSON.parse(add.out);
    const asClient = ["token", "--client-id", client_id, "--client-secret", client_secret];
    assertEquals((await scene.gatehouse(asClient)).code, 0);

    const remove = await scene.gatehouse(["clients", "remove", "ci"]);
    const reach = "In effect on 1 of 1 instances";
    assertEquals([remove.code, remove.out], [0, `Removed ${client_id} (ci)\n${reach}`]);
    const after = await scene.gatehouse(asClient);
    assertEquals([after.code, after.out], [1, ""]);
    assertMatch(after.err, /refused/);
    assertFalse(after.err.includes(client_secret));
  }));

test("a removal that fails half way leaves the client shut out, and is not recorded as done", () =>
  withFolder(async (folder) => {
    const env = storeIn(folder);
    const { out } = await gatehouse(
      ["clients", "add", "ci", "--scopes", "env:read", "--json"],
      env,
    );
    const { client_id: clientId } = JSON.parse(out);
    const config = await loadConfig({ env });
    const store = await openStore(env.GATEHOUSE_STORE, { now: () => new Date() });
    const { audit, events } = listening();
    const remove = () => Promise.reject(new Error("the disk is gone"));
    const broken = { ...store, clients: { ...store.clients, remove } };
    try {
      await assertRejects(() => removeClient("ci", { store: broken, config, audit }));
      assertEquals(events.map(({ event }) => event), ["access.revoked"]);
      const [entry] = await store.revocations.list();
      assertEquals(entry?.target, {
        kind: "client",
        issuer: config.authorizationServer.url,
        clientId,
      });
      assertEquals(entry?.issuedUntil, undefined, "also what it would get from now on");

      await removeClient("ci", { store, config, audit });
      assertEquals(events.map(({ event }) => event).slice(1), ["access.revoked", "client.removed"]);
      const error = await assertRejects(
        () => removeClient("ci", { store, config, audit }),
        AppError,
      );
      assertEquals([error.code, events.length], ["not_found", 3]);
    } finally {
      await store.close();
    }
  }));

test("a client that cannot be recorded is not there", () =>
  withFolder(async (folder) => {
    const store = await openStore(storeIn(folder).GATEHOUSE_STORE, { now: () => new Date() });
    const { audit } = listening();
    const commit = () => Promise.reject(new AppError("unavailable", "no room"));
    const client = { clientId: "m2m_1", name: "ci", scopes: [], createTime: "" };
    try {
      const parts = { store, audit: { ...audit, commit } };
      await assertRejects(() => addClient(client, parts), AppError, "no room");
      assertEquals(await store.clients.list(), []);
    } finally {
      await store.close();
    }
  }));

function listening() {
  const events: AuditEvent[] = [];
  const record = (event: AuditEvent) => void events.push(event);
  const commit = (event: AuditEvent) => Promise.resolve(record(event));
  return { events, audit: { record, commit, fingerprint: () => "" } };
}
