import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { freePort } from "../support/server.ts";
import { withRemote } from "./connect/remote.ts";
import { gatehouse, withServer } from "./support.ts";

test("call prints a result on stdout, a refusal on stderr, and tells them apart by exit code", () =>
  withServer(async (scene) => {
    const list = await scene.gatehouse(["call", "list_environments", '{"pageSize":1}']);
    assertEquals([list.code, list.err], [0, ""]);
    const [environment] = JSON.parse(list.out).environments;

    const input = JSON.stringify({ environmentId: environment.id, displayName: "Acme" });
    const refused = await scene.gatehouse([
      "call",
      "create_organization",
      input,
      "--scopes",
      "org:read env:read",
    ]);
    assertEquals([refused.code, refused.out], [1, ""]);
    const { error, tool, required_scopes, missing_scopes } = JSON.parse(refused.err);
    assertEquals(
      { error, tool, required_scopes, missing_scopes },
      {
        error: "insufficient_scope",
        tool: "create_organization",
        required_scopes: ["org:write"],
        missing_scopes: ["org:write"],
      },
    );
    const after = await scene.gatehouse([
      "call",
      "list_organizations",
      JSON.stringify({ environmentId: environment.id, search: "Acme" }),
    ]);
    assertEquals(JSON.parse(after.out).organizations, [], "the refused call did nothing");

    const created = await scene.gatehouse(["call", "create_organization", input]);
    assertEquals([created.code, created.err], [0, ""]);
    assertEquals(JSON.parse(created.out).displayName, "Acme");

    const missing = await scene.gatehouse([
      "call",
      "get_environment_details",
      '{"environmentId":"env_0000000000000000000000000"}',
    ]);
    assertEquals([missing.code, missing.out], [1, ""]);
    assertStringIncludes(missing.err, "not_found");
  }));

test("call says on stderr when an earlier result is repeated", () =>
  withServer(async (scene) => {
    const list = await scene.gatehouse(["call", "list_environments", '{"pageSize":1}']);
    const [{ id: environmentId }] = JSON.parse(list.out).environments;
    const input = JSON.stringify({ environmentId, displayName: "Acme", idempotencyKey: "1" });
    const first = await scene.gatehouse(["call", "create_organization", input]);
    const second = await scene.gatehouse(["call", "create_organization", input]);
    assertEquals([first.code, first.err, second.code], [0, "", 0]);
    assertEquals(second.out, first.out);
    assertMatch(second.err, /^Done before, at \d{4}-.*Z, and not again/);
  }));

test("call refuses arguments that are no JSON object before it asks for a token", async () => {
  for (const json of ["{", "[]", '"text"', "null", "1"]) {
    const { code, out, err } = await gatehouse(["call", "whoami", json]);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, /one JSON object/);
  }
});

test("token prints the token alone, or with --json what the issuer said", () =>
  withServer(async (scene) => {
    const plain = await scene.gatehouse(["token", "--scopes", "env:read"]);
    assertEquals([plain.code, plain.err], [0, ""]);
    assertMatch(plain.out, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const { code, out } = await scene.gatehouse([
      "token",
      "--json",
      "--scopes",
      "org:read,env:read",
    ]);
    assertEquals(code, 0);
    const { access_token, expires_in, ...rest } = JSON.parse(out);
    assertEquals(rest, { token_type: "Bearer", scope: "org:read env:read" });
    assertMatch(access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert(expires_in > 0 && expires_in <= 3600);
  }));

test("token takes its client from the environment, and says what the issuer refused", () =>
  withServer(async (scene) => {
    const add = await scene.gatehouse(["clients", "add", "ci", "--scopes", "env:read", "--json"]);
    const { client_id, client_secret } = JSON.parse(add.out);
    const env = { ...scene.env, GATEHOUSE_CLIENT_ID: client_id };
    const asClient = { ...env, GATEHOUSE_CLIENT_SECRET: client_secret };
    const granted = await gatehouse(["token", "--json"], asClient);
    assertEquals(JSON.parse(granted.out).scope, "env:read");

    const wrong = "x".repeat(43);
    const refused: [readonly string[], Record<string, string>, number, RegExp][] = [
      [["token"], { ...env, GATEHOUSE_CLIENT_SECRET: wrong }, 1, /issuer refused/],
      [["token", "--scopes", "org:write"], asClient, 1, /issuer refused: invalid_scope/],
      [["token"], env, 2, /both --client-id and --client-secret/],
      [["token", "--store", "sqlite::memory:"], scene.env, 2, /--client-id/],
    ];
    for (const [args, vars, code, message] of refused) {
      const done = await gatehouse(args, vars);
      assertEquals([done.code, done.out], [code, ""], args.join(" "));
      assertMatch(done.err, message);
      assertFalse(done.err.includes(client_secret) || done.err.includes(wrong));
    }
  }));

test("a secret beside a configured issuer goes to that one, whatever the server names", () =>
  withRemote({
    mcp: () => ({ status: 401 }),
    metadata: { authorization_servers: ["https://issuer.doctor.invalid"] },
  }, async ({ origin }) => {
    const env = {
      GATEHOUSE_ISSUER: "https://login.doctor.invalid",
      GATEHOUSE_CLIENT_ID: "id",
      GATEHOUSE_CLIENT_SECRET: "s3cret",
    };
    for (const args of [["token"], ["call", "whoami"]]) {
      const { code, out, err } = await gatehouse([...args, "--url", origin], env);
      assertEquals([code, out], [1, ""]);
      assertMatch(err, /the credential is for https:\/\/login\.doctor\.invalid; nothing was sent/);
      assertFalse(err.includes("s3cret"));
    }
  }));

test("token and call say that no server answers, with exit code 1", async () => {
  const env = {
    GATEHOUSE_PORT: String(await freePort()),
    GATEHOUSE_CLIENT_ID: "id",
    GATEHOUSE_CLIENT_SECRET: "secret",
  };
  for (const args of [["token"], ["call", "whoami"]]) {
    const { code, out, err } = await gatehouse(args, env);
    assertEquals([code, out], [1, ""]);
    assertMatch(err, /^gatehouse: No answer from http:\/\/localhost:\d+\/mcp; is the server/);
  }
});
