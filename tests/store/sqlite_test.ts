/** The SQLite store: the contracts in memory and on file, and what only a file can get wrong. */

import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEquals, assertNotMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { openStore } from "../../store/mod.ts";
import { migrate, MIGRATIONS } from "../../store/sql/migrations.ts";
import { MEMORY, openSqlite } from "../../store/sql/sqlite.ts";
import { describeAuthorization } from "./authorization_contract.ts";
import { describeWorkspace } from "./contract.ts";
import { describeIdempotency } from "./idempotency_contract.ts";
import { describeRevocations } from "./revocation_contract.ts";

const now = () => new Date();
const directory = mkdtempSync(join(tmpdir(), "gatehouse-store-"));
after(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(directory, `${files++}.db`);

describeWorkspace("sqlite in memory", () => openStore("sqlite::memory:", { now }));
describeWorkspace("sqlite on file", () => openStore(`sqlite:${newPath()}`, { now }));
describeAuthorization("sqlite in memory", (options) => openStore("sqlite::memory:", options));
describeAuthorization("sqlite on file", (options) => openStore(`sqlite:${newPath()}`, options));
describeRevocations("sqlite in memory", (options) => openStore("sqlite::memory:", options));
describeRevocations("sqlite on file", (options) => openStore(`sqlite:${newPath()}`, options));
describeIdempotency("sqlite in memory", (options) => openStore("sqlite::memory:", options));
describeIdempotency("sqlite on file", (options) => openStore(`sqlite:${newPath()}`, options));

test("openStore() refuses a location of another kind without repeating it", async () => {
  for (const location of ["mysql://u:secret@h/db", "gatehouse.db", "sqlite:", ""]) {
    const error = await assertRejects(() => openStore(location, { now }), AppError, "sqlite:PATH");
    assertEquals(error.code, "invalid_request");
    assertNotMatch(error.message, /secret/);
  }
});

test("openStore() keeps data when it opens a file again, and does not seed twice", async () => {
  const location = `sqlite:${newPath()}`;
  const first = await openStore(location, { now });
  const environments = await first.workspace.listEnvironments({ pageSize: 10 });
  const environmentId = environments.items[0]!.id;
  const created = await first.workspace.createOrganization(environmentId, { displayName: "Kept" });
  const before = await first.workspace.listOrganizations(environmentId, { pageSize: 100 });
  await first.close();

  const second = await openStore(location, { now });
  assertEquals(await second.workspace.getOrganization(environmentId, created.id), created);
  assertEquals(await second.workspace.listEnvironments({ pageSize: 10 }), environments);
  assertEquals(await second.workspace.listOrganizations(environmentId, { pageSize: 100 }), before);
  await second.close();
});

test("openStore() seeds the same workspace everywhere, and none when told not to", async () => {
  const stores = await Promise.all(
    [{}, {}, { seed: false }].map((options) => openStore("sqlite::memory:", { now, ...options })),
  );
  const environments = await Promise.all(
    stores.map(({ workspace }) => workspace.listEnvironments({ pageSize: 10 })),
  );
  assertEquals(environments[0]!.items.map(({ displayName }) => displayName), [
    "Development",
    "Production",
  ]);
  assertEquals(environments[0], environments[1]);
  assertEquals(environments[2], { items: [], totalSize: 0 });
  for (const store of stores) await store.close();
});

test("openStore() creates the file for its owner alone", async () => {
  const path = newPath();
  const store = await openStore(`sqlite:${path}`, { now });
  for (const suffix of ["", "-wal", "-shm"]) {
    assertEquals((statSync(path + suffix).mode & 0o777).toString(8), "600", suffix);
  }
  await store.close();
  assertEquals(existsSync(`${path}-wal`), false);
});

test("openStore() says in one line which path cannot be used and why", async () => {
  const text = newPath();
  writeFileSync(text, "This is a letter, not a database.\n".repeat(100));
  const foreign = newPath();
  const other = new DatabaseSync(foreign);
  other.exec("create table invoices (id integer)");
  other.close();
  const cases = {
    [join(directory, "missing", "x.db")]: "its directory does not exist",
    [directory]: "it is a directory",
    [text]: "it is not a database file",
    [foreign]: "it is the database of another program",
  };
  for (const [path, cause] of Object.entries(cases)) {
    const before = path === text || path === foreign ? readFileSync(path) : undefined;
    const error = await assertRejects(() => openStore(`sqlite:${path}`, { now }), AppError);
    assertEquals(error.code, "unavailable");
    assertEquals(error.message, `Cannot open the store ${path}: ${cause}`);
    if (before) assertEquals(readFileSync(path), before);
  }
});

// Root may write everywhere.
if (process.getuid?.() !== 0) {
  test("openStore() says when it may not write", async () => {
    const locked = join(directory, "locked");
    mkdirSync(locked);
    const path = join(locked, "x.db");
    await (await openStore(`sqlite:${path}`, { now })).close();
    for (const [target, mode] of [[path, 0o400], [locked, 0o500]] as const) {
      chmodSync(target, mode);
      const error = await assertRejects(() => openStore(`sqlite:${path}`, { now }), AppError);
      chmodSync(target, 0o700);
      assertEquals(error.code, "unavailable");
      assertStringIncludes(error.message, `${path}: there is no permission`);
    }
  });
}

test("openStore() refuses a newer schema and leaves the file as it is", async () => {
  const path = newPath();
  await (await openStore(`sqlite:${path}`, { now })).close();
  const newer = new DatabaseSync(path);
  newer.exec("insert into gatehouse_migrations values (999, 'from the future', '2030-01-01')");
  newer.close();
  const before = readFileSync(path);
  const error = await assertRejects(() => openStore(`sqlite:${path}`, { now }), AppError, path);
  assertEquals(error.code, "unavailable");
  assertStringIncludes(error.message, "newer version of this program");
  assertEquals(readFileSync(path), before);
});

test("a page token with anything but an id in it is refused", async () => {
  const { workspace, close } = await openStore("sqlite::memory:", { now });
  const { nextPageToken } = await workspace.listEnvironments({ pageSize: 1 });
  const token = JSON.parse(Buffer.from(nextPageToken!, "base64url").toString());
  for (const after of [[token.after], "' or 1=1 --", "env_\0", "", 5, null, undefined]) {
    const pageToken = Buffer.from(JSON.stringify({ ...token, after })).toString("base64url");
    await assertRejects(
      () => workspace.listEnvironments({ pageSize: 1, pageToken }),
      AppError,
      "pageToken was not issued",
    );
  }
  await close();
});

test("migrate() leaves no table behind when a migration or the seed fails", async () => {
  const failing = { version: 2, name: "fails", up: () => Promise.reject(new Error("no")) };
  const attempts = [
    { migrations: [...MIGRATIONS.slice(0, 1), failing] },
    { seed: () => Promise.reject(new Error("no")) },
  ];
  for (const attempt of attempts) {
    const db = openSqlite(MEMORY);
    await assertRejects(() => migrate(db, { now, ...attempt }), Error, "no");
    assertEquals(await db.introspection.getTables(), []);
    await migrate(db, { now });
    await db.destroy();
  }
});

test("migrate() applies only what is missing, and seeds only what is new", async () => {
  const db = openSqlite(MEMORY);
  const applied: string[] = [];
  const step = (version: number) => ({
    version,
    name: `step ${version}`,
    up: () => Promise.resolve(void applied.push(`step ${version}`)),
  });
  const seed = () => Promise.resolve(void applied.push("seed"));
  await migrate(db, { now, seed, migrations: [step(1), step(2)] });
  await migrate(db, { now, seed, migrations: [step(1), step(2)] });
  await migrate(db, { now, seed, migrations: [step(1), step(2), step(3)] });
  assertEquals(applied, ["step 1", "step 2", "seed", "step 3"]);
  await db.destroy();
});

test("two handles of one file see each other's clients at once", async () => {
  const location = `sqlite:${newPath()}`;
  const server = await openStore(location, { now });
  const commandLine = await openStore(location, { now });
  const client = { clientId: "m2m_x", name: "ci", scopes: [], createTime: now().toISOString() };
  assertEquals(await server.clients.find("m2m_x"), undefined);
  await commandLine.clients.add(client);
  assertEquals(await server.clients.find("m2m_x"), client);
  await commandLine.clients.remove("ci");
  assertEquals(await server.clients.find("m2m_x"), undefined);
  await commandLine.close();
  await server.ping();
  await server.close();
});

test("processes that start and write at the same time all succeed", async () => {
  const location = `sqlite:${newPath()}`;
  const script = fileURLToPath(new URL("concurrent_writer.ts", import.meta.url));
  const run = process.versions["deno"] ? ["run", "-A", script] : ["run", script];
  await Promise.all(
    ["a", "b", "c"].map((name) =>
      promisify(execFile)(process.execPath, [...run, location, `Writer ${name}`, "40"])
    ),
  );
  const store = await openStore(location, { now });
  const { items } = await store.workspace.listEnvironments({ pageSize: 10 });
  assertEquals(items.length, 2);
  const written = await store.workspace.listOrganizations(items[0]!.id, {
    pageSize: 1,
    search: "writer",
  });
  assertEquals(written.totalSize, 120);
  await store.close();
});

test("ping() answers `unavailable` when the store cannot be read", async () => {
  const store = await openStore("sqlite::memory:", { now });
  await store.ping();
  await store.close();
  assertEquals((await assertRejects(() => store.ping(), AppError)).code, "unavailable");
});
