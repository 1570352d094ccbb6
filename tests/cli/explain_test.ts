import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { isExplained } from "../../cli/explain_advice.ts";
import { startIssuer } from "../support/server.ts";
import type { RunningIssuer } from "../support/server.ts";
import { gatehouse, tokenWith, withFolder, withServer } from "./support.ts";
import type { Environment, Finished } from "./support.ts";

const AUTH = join(import.meta.dirname!, "../../auth");
const RESOURCE = "http://localhost:8000/mcp";

/** The value of one row of the text. */
function row(out: string, label: string): string | undefined {
  return new RegExp(`^ *${label} {2,}(.*)$`, "m").exec(out)?.[1];
}

interface Scene {
  readonly issuer: RunningIssuer;
  readonly env: Environment;
  explain(token: string, ...args: readonly string[]): Promise<Finished>;
}

/** An issuer elsewhere and a configuration that trusts it; no server runs. */
async function withIssuer(
  work: (scene: Scene) => Promise<void>,
  changes: Record<string, unknown> = {},
): Promise<void> {
  const issuer = await startIssuer(RESOURCE, "org:write openid");
  try {
    await withFolder(async (folder) => {
      const file = join(folder, "config.json");
      const item = { issuer: issuer.issuer, jwksUri: issuer.jwksUri, ...changes };
      await writeFile(file, JSON.stringify({ issuers: [item] }));
      const env = { GATEHOUSE_CONFIG: file };
      await work({
        issuer,
        env,
        explain: (token, ...args) => gatehouse(["explain", ...args], env, token),
      });
    });
  } finally {
    await issuer.stop();
  }
}

test("explain says of the embedded issuer's token what the server then does", () =>
  withServer(async (scene) => {
    const token = await tokenWith(scene, "org:read env:read");
    const allowed = await scene.gatehouse(["explain", "--tool", "list_environments"], token);
    assertEquals([allowed.code, allowed.err], [0, ""]);
    assertEquals(row(allowed.out, "Decision"), "allowed");
    assertEquals(row(allowed.out, "Verified"), "yes");
    assertEquals(
      row(allowed.out, "Issuer"),
      `${scene.server.app.issuers[0]} (known, profile rfc9068)`,
    );
    assertEquals(row(allowed.out, "Kind"), "a client by itself");
    assertEquals(row(allowed.out, "Scopes"), "org:read env:read (scope)");
    assertMatch(row(allowed.out, "Token")!, /^JWT, alg ES256, typ at\+jwt, kid [\w-]{43}$/);
    assertMatch(row(allowed.out, "Expires")!, /^20\d\d-\d\d-\d\dT.*Z \(in \d+ minutes\)$/);

    const refused = await scene.gatehouse(["explain", "--tool", "create_organization"], token);
    assertEquals([refused.code, refused.err], [1, ""]);
    assertEquals(row(refused.out, "Decision"), "refused");
    assertEquals(row(refused.out, "Missing"), "org:write");
    const call = await scene.gatehouse([
      "call",
      "create_organization",
      '{"environmentId":"env_1","displayName":"A"}',
      "--scopes",
      "org:read env:read",
    ]);
    assertEquals(row(refused.out, "Advice"), JSON.parse(call.err).error_description);
    for (const { out, err } of [allowed, refused]) assertFalse((out + err).includes(token));
  }));

test("explain without --tool lists what the token opens", () =>
  withServer(async (scene) => {
    const token = await tokenWith(scene, "env:read");
    const { code, out } = await scene.gatehouse(["explain"], token);
    assertEquals(code, 0);
    assertEquals(row(out, "list_environments"), "allowed");
    assertEquals(row(out, "whoami"), "allowed");
    assertEquals(row(out, "list_organizations"), "lacks org:read");
  }));

test("explain takes the token from stdin, from -, or as an argument, also with its header", () =>
  withServer(async (scene) => {
    const token = await tokenWith(scene, "env:read");
    const ways: [readonly string[], string][] = [
      [[], `${token}\n`],
      [["-"], token],
      [[], `Authorization: Bearer ${token}`],
      [[token], ""],
    ];
    for (const [args, input] of ways) {
      const { code } = await scene.gatehouse(["explain", ...args], input);
      assertEquals(code, 0);
    }
    const help = await scene.gatehouse(["explain", "--help"]);
    assertMatch(help.out, /stdin\. Prefer that: other users of the\nmachine can see/);
  }));

test("explain needs the key file of the server, and never makes one", () =>
  withFolder(async (folder) => {
    const env = { GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}` };
    const elsewhere = await gatehouse(["explain"], env, "a.b.c");
    assertEquals([elsewhere.code, elsewhere.out], [2, ""]);
    assertMatch(elsewhere.err, /There is no .*gatehouse\.keys\.json; give the --store/);
    assertEquals(await readdir(folder), []);
    const memory = await gatehouse(["explain", "--store", "sqlite::memory:"], env, "a.b.c");
    assertEquals(memory.code, 2);
    assertMatch(memory.err, /in memory/);
  }));

test("explain refuses wrong usage with exit code 2 and keeps the token to itself", () =>
  withIssuer(async ({ issuer, explain }) => {
    const token = await issuer.token();
    const wrong: [string, readonly string[], RegExp][] = [
      ["", [], /Give the access token on stdin/],
      ["  \n", [], /Give the access token on stdin/],
      [token, ["--tool", "no_such_tool"], /There is no tool "no_such_tool"/],
      [`${token}\nx`, [], /characters that no header can carry/],
    ];
    for (const [input, args, message] of wrong) {
      const { code, out, err } = await explain(input, ...args);
      assertEquals([code, out], [2, ""]);
      assertMatch(err, message);
      assertFalse(err.includes(token));
    }
  }));

test("explain shows granted, implied and unknown scopes apart", () =>
  withIssuer(async ({ issuer, explain }) => {
    const { code, out } = await explain(await issuer.token(), "--tool", "list_organizations");
    assertEquals(code, 0);
    assertEquals(row(out, "Scopes"), "org:write openid (scope)");
    assertEquals(row(out, "Implied"), "org:read");
    assertEquals(row(out, "Not known"), "openid");
    assertEquals(row(out, "Kind"), "a client that acts for a person");
  }));

test("explain --json has the same facts as data", () =>
  withIssuer(async ({ issuer, explain }) => {
    const token = await issuer.token({ claims: { jti: "t1", iat: 1, exp: 2 } });
    const { code, out } = await explain(token, "--json", "--tool", "invite_workspace_member");
    assertEquals(code, 1);
    assertFalse(out.includes(token));
    const { refusal, ...explanation } = JSON.parse(out);
    const { advice, ...tagged } = refusal;
    assertEquals(tagged, { status: 401, error: "invalid_token", reason: "expired" });
    assertMatch(advice, /new token/);
    assertEquals(explanation, {
      decision: "refused",
      token: { form: "jwt", alg: "ES256", typ: "at+jwt", kid: issuer.kid },
      issuer: {
        name: issuer.issuer,
        known: true,
        profile: "rfc9068",
        audiences: [RESOURCE, "http://127.0.0.1:8000/mcp", "http://[::1]:8000/mcp"],
        configured: [issuer.issuer],
      },
      verified: false,
      claims: {
        audience: RESOURCE,
        subject: "user-1",
        client: { claim: "client_id", value: "client-1" },
        kind: "user",
        token_id: { claim: "jti", value: "t1" },
        issued_at: 1,
        expires_at: 2,
        scopes: {
          claim: "scope",
          form: "string",
          value: "org:write openid",
          granted: ["org:write", "openid"],
          implied: ["org:read"],
          unknown: ["openid"],
        },
      },
      tools: [{
        name: "invite_workspace_member",
        required_scopes: ["wks:write"],
        missing_scopes: ["wks:write"],
      }],
    });
  }));

test("explain names the reason of each refusal and what to do", () =>
  withIssuer(async ({ issuer, explain }) => {
    const other = await startIssuer(RESOURCE);
    const now = Math.floor(Date.now() / 1000);
    const cases: [string, string, RegExp][] = [
      [await issuer.token({ claims: { exp: now - 60 } }), "expired", /new token/],
      [await issuer.token({ claims: { aud: "https://a.example" } }), "aud_mismatch", /resource/],
      [await issuer.token({ claims: { iss: `${issuer.issuer}/` } }), "iss_unknown", /slash/],
      [await issuer.token({ header: { typ: "JWT" } }), "typ_not_allowed", /profile/],
      [await issuer.token({ claims: { scope: ["a"] } }), "scope_malformed", /one form/],
      [await issuer.token({ claims: { client_id: 7 } }), "client_id_malformed", /claim/],
      [await issuer.token({ key: other.privateKey }), "signature_mismatch", /not trust/],
      [await other.token(), "iss_unknown", /Configure/],
      ["opaque-token", "not_a_jws", /introspection/],
      ["e30.e30", "not_a_jws", /introspection/],
      ["e30.W10.AA", "claims_malformed", /cut/],
    ];
    await other.stop();
    for (const [token, reason, advice] of cases) {
      const { code, out, err } = await explain(token);
      assertEquals([code, err], [1, ""], reason);
      assertEquals(row(out, "Refused"), `401 invalid_token, reason ${reason}`);
      assertMatch(row(out, "Advice")!, advice);
      assertMatch(row(out, "Verified")!, /^no; /);
      assertEquals(row(out, "Decision"), "refused");
      assertFalse(out.includes(token));
    }
    const [, [astray]] = cases as [unknown, [string]];
    assertStringIncludes(row((await explain(astray)).out, "Accepted")!, RESOURCE);
    const [unknown] = cases[7]!;
    assertStringIncludes(row((await explain(unknown)).out, "Issuer")!, issuer.issuer);
    const [array] = cases[4]!;
    assertEquals(
      row((await explain(array)).out, "Scopes"),
      'scope is ["a"], and the profile reads a string',
    );
  }));

test("explain has a sentence for every reason that a token can be refused with", async () => {
  const names = (await readdir(AUTH)).filter((name) => name.endsWith(".ts") && name !== "dpop.ts");
  const sources = await Promise.all(names.map((name) => readFile(join(AUTH, name), "utf8")));
  const reasons = sources.flatMap((source) =>
    [...source.matchAll(/(?:invalidToken|unavailable)\(\s*(?:\w+ \? )?"(\w+)"(?: : "(\w+)")?/g)]
      .flatMap(([, one, two]) => two === undefined ? [one!] : [one!, two])
  );
  assert(reasons.length > 30 && reasons.includes("token_not_bound"), reasons.join(" "));
  assertEquals(reasons.filter((reason) => !isExplained(reason)), []);
});

test("explain says that the issuer's keys cannot be had, and why", () =>
  withIssuer(async ({ issuer, explain }) => {
    const token = await issuer.token();
    await issuer.stop();
    const { code, out } = await explain(token, "--tool", "whoami");
    assertEquals(code, 1);
    assertEquals(row(out, "Refused"), "503 unavailable, reason keys_unavailable");
    assertMatch(row(out, "Note")!, /^cannot fetch the issuer's keys: /);
  }));

test("explain asks for a proof of a bound token, and does not accept one that is not bound", async () => {
  const cnf = { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" };
  await withIssuer(async ({ issuer, explain }) => {
    const { code, out } = await explain(await issuer.token({ claims: { cnf } }));
    assertEquals(code, 0);
    assertEquals(
      row(out, "Bound to"),
      `${cnf.jkt}; each request needs a DPoP proof of that key as well`,
    );
    const plain = await explain(await issuer.token());
    assertEquals([plain.code, row(plain.out, "Refused")], [
      1,
      "401 invalid_token, reason dpop_required",
    ]);
  }, { dpop: "required" });
  await withIssuer(async ({ issuer, explain }) => {
    const { code, out } = await explain(await issuer.token({ claims: { cnf } }));
    assertEquals([code, row(out, "Refused")], [
      1,
      "401 invalid_token, reason cnf_not_supported",
    ]);
    assertMatch(row(out, "Advice")!, /Set dpop/);
  });
});

test("explain sends a terminal nothing that it would obey", () =>
  withIssuer(async ({ issuer, explain }) => {
    const evil = "\u001b]0;x\u0007\u009b2J\u202euser\r\nDecision    allowed";
    const token = await issuer.token({
      header: { kid: evil },
      claims: { sub: evil, iss: evil, aud: [evil], scope: evil },
    });
    const known = await issuer.token({ claims: { sub: evil, scope: evil, client_id: evil } });
    for (const presented of [token, known]) {
      for (const args of [[], ["--json"]]) {
        const { code, out } = await explain(presented, ...args);
        assertEquals(code, 1);
        assertFalse(/[^\n\P{Cc}]|\p{Cf}/u.test(out), JSON.stringify(out));
        assertFalse(/^Decision +allowed/m.test(out));
      }
    }
  }));
