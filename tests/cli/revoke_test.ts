import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openStore } from "../../store/mod.ts";
import { gatehouse, tokenWith, withFolder, withServer } from "./support.ts";
import type { Scene } from "./support.ts";

/** It waits for five seconds, which is all that Bun gives a test. */
const SLOW = { timeout: 60_000 };

/** The status of a call with a token. */
async function statusOf({ server }: Scene, token: string): Promise<number> {
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
  await response.body?.cancel();
  return response.status;
}

/** A client of the running server, with a token of its own. */
async function addClient(scene: Scene, name: string) {
  const add = ["clients", "add", name, "--scopes", "env:read", "--json"];
  const { client_id: id, client_secret: secret } = JSON.parse((await scene.gatehouse(add)).out);
  const token = () => scene.gatehouse(["token", "--client-id", id, "--client-secret", secret]);
  return { id, token };
}

test("revoke shuts a client out by its name, and the token is refused when it returns (H087)", () =>
  withServer(async (scene) => {
    const ci = await addClient(scene, "ci");
    const other = await addClient(scene, "other");
    const [{ out: token }, { out: bystander }] = [await ci.token(), await other.token()];
    assertEquals(await statusOf(scene, token), 200);

    const revoke = await scene.gatehouse(["revoke", "--client", "ci", "--reason", "it leaked"]);
    assertEquals([revoke.code, revoke.err], [0, ""]);
    const [, id] = /gatehouse restore (rev_\w{26})/.exec(revoke.out)!;
    assertEquals(revoke.out.split("\n").map((line) => line.replace(/ {2,}/g, "  ")), [
      `Revoked client ${ci.id} of ${scene.server.app.issuers[0]}`,
      "  extent  until it is restored",
      `  take back  gatehouse restore ${id}`,
      "In effect on 1 of 1 instances",
    ]);
    assertEquals(await statusOf(scene, token), 401);
    assertEquals((await ci.token()).code, 1, "and gets no further token");
    assertEquals(await statusOf(scene, bystander), 200);

    const list = await scene.gatehouse(["revocations"]);
    assertMatch(list.out, /^ID +REVOKED +EXTENT +BY +REASON\nrev_/);
    assertStringIncludes(list.out, "it leaked");
    const [entry] = JSON.parse((await scene.gatehouse(["revocations", "--json"])).out);
    assertEquals(
      [entry.id, entry.kind, entry.clientId, entry.actor],
      [id, "client", ci.id, "cli"],
    );

    const restore = await scene.gatehouse(["restore", id!, "--json"]);
    const restored = JSON.parse(restore.out);
    assertEquals([restore.code, restored.instances, restored.confirmed], [0, 1, 1]);
    assertEquals(await statusOf(scene, token), 200);
    assertEquals((await scene.gatehouse(["revocations"])).out, "Nothing is revoked");
    assertEquals((await scene.gatehouse(["restore", id!])).code, 1);
  }));

test("revoke ends one token by its id, or by itself on stdin", () =>
  withServer(async (scene) => {
    const [first, second] = [
      await tokenWith(scene, "env:read"),
      await tokenWith(scene, "env:read"),
    ];
    const { jti } = JSON.parse(
      atob(first.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")),
    );
    const byId = await scene.gatehouse(["revoke", "--jti", jti, "--reason", "x"]);
    assertEquals([byId.code, await statusOf(scene, first)], [0, 401]);
    assertEquals(await statusOf(scene, second), 200);
    const itself = ["revoke", "--token", "-", "--reason", "x"];
    const byItself = await scene.gatehouse(itself, `Authorization: Bearer ${second}\n`);
    assertEquals([byItself.code, await statusOf(scene, second)], [0, 401]);
    assertEquals(byItself.out.includes(second), false, "a token is never printed");
    // What a token says of its end is not verified here, so it is remembered for as long as any token lives.
    const [entry] = JSON.parse((await scene.gatehouse(["revocations", "--json"])).out);
    const seconds = (Date.parse(entry.expireTime) - Date.now()) / 1000;
    assertEquals([seconds > 3600, seconds < 3700], [true, true]);
  }));

test("revoke --epoch ends what the issuer issued so far, and what comes later works", () =>
  withServer(async (scene) => {
    const token = await tokenWith(scene, "env:read");
    const past = new Date(Date.now() - 3_600_000).toISOString();
    await scene.gatehouse(["revoke", "--epoch", past, "--reason", "x"]);
    assertEquals(await statusOf(scene, token), 200, "issued after that time");
    const now = await scene.gatehouse(["revoke", "--epoch", "now", "--reason", "a key leaked"]);
    assertEquals([now.code, await statusOf(scene, token)], [0, 401]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assertEquals(await statusOf(scene, await tokenWith(scene, "env:read")), 200);
  }));

test("clients remove ends the tokens that the client has (H223)", () =>
  withServer(async (scene) => {
    const ci = await addClient(scene, "ci");
    const { out: token } = await ci.token();
    const remove = await scene.gatehouse(["clients", "remove", "ci"]);
    assertEquals([remove.code, await statusOf(scene, token)], [0, 401]);
  }));

test("revoke says what it cannot do, and revokes nothing", () =>
  withFolder(async (folder) => {
    const database = join(folder, "gatehouse.db");
    const env = { GATEHOUSE_STORE: `sqlite:${database}` };
    const reason = ["--reason", "x"];
    const missing = await gatehouse(["revoke", "--subject", "ada", ...reason], env);
    assertEquals([missing.code, await readdir(folder)], [2, []], "and makes no store");
    assertStringIncludes(missing.err, `There is no ${database}`);
    await (await openStore(env.GATEHOUSE_STORE, { now: () => new Date() })).close();

    const later = new Date(Date.now() + 3_600_000).toISOString();
    const refused: [readonly string[], RegExp, string?][] = [
      [["revoke", "--subject", "ada"], /--reason/],
      [["revoke", ...reason], /Give one of --jti, --token/],
      [["revoke", "--jti", "a", "--client", "b", ...reason], /Give one of/],
      [["revoke", "--subject", "ada", "--issuer", "https://a.example", ...reason], /no tokens of/],
      [["revoke", "--epoch", "yesterday", ...reason], /takes "now" or a time/],
      [["revoke", "--epoch", "2026-02-31", ...reason], /takes "now" or a time/],
      [["revoke", "--epoch", later, ...reason], /must not lie in the future/],
      [["revoke", "--jti", "a", "--issued-until", "now", ...reason], /goes with --client/],
      [["revoke", "--subject", "", ...reason], /1 to 256 printable/],
      [["revoke", "--subject", "a", "--reason", " "], /Give a reason/],
      [["revoke", "--token", "eyJ.a.b", ...reason], /on stdin/],
      [["revoke", "--token", "-", ...reason], /is no JWT/, "opaque"],
      [["revoke", "--subject", "ada", "--store", "sqlite::memory:", ...reason], /in memory/],
    ];
    for (const [args, message, input = ""] of refused) {
      const done = await gatehouse(args, env, input);
      assertEquals([done.code, done.out], [2, ""], args.join(" "));
      assertMatch(done.err, message);
    }
    assertEquals((await gatehouse(["revocations"], env)).out, "Nothing is revoked");
  }));

test("with several issuers the issuer is not guessed", () =>
  withFolder(async (folder) => {
    const config = join(folder, "config.json");
    const issuers = ["https://a.example", "https://b.example"].map((issuer) => ({ issuer }));
    await writeFile(config, JSON.stringify({ issuers }));
    const env = {
      GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}`,
      GATEHOUSE_CONFIG: config,
    };
    await (await openStore(env.GATEHOUSE_STORE, { now: () => new Date() })).close();
    const args = ["revoke", "--subject", "ada", "--reason", "x"];
    const guess = await gatehouse(args, env);
    assertEquals([guess.code, guess.out], [2, ""]);
    assertStringIncludes(guess.err, "https://a.example, https://b.example");
    const named = await gatehouse([...args, "--issuer", "https://b.example"], env);
    assertEquals(named.code, 0);
    assertStringIncludes(named.out, "No server is running; it takes effect when one starts");
  }));

test(
  "a server that does not confirm is told of, and the exit code says so",
  SLOW,
  () =>
    withServer(async (scene) => {
      const store = await openStore(scene.env["GATEHOUSE_STORE"]!, { now: () => new Date() });
      // An instance that is alive and reads no more.
      const alive = setInterval(() => void store.revocations.acknowledge("stuck", 0), 500);
      await store.revocations.acknowledge("stuck", 0);
      try {
        const revoke = await scene.gatehouse(["revoke", "--subject", "ada", "--reason", "x"]);
        assertEquals(revoke.code, 1);
        assertStringIncludes(revoke.err, "In effect on 1 of 2 instances");
      } finally {
        clearInterval(alive);
        await store.close();
      }
    }),
);
