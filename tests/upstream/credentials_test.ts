import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createExchangedTokens } from "../../upstream/credentials.ts";
import { createTestIssuer } from "../support/issuer.ts";
import { withDirectory } from "../support/process.ts";
import { principal } from "../support/tools.ts";
import { startCanary, startTokenServer, UPSTREAM_CLIENT } from "../support/upstream.ts";
import type { Canary, TokenServer } from "../support/upstream.ts";
import { bench, callerWith, clientOf, refusalOf } from "./support.ts";
import type { Bench } from "./support.ts";

const ISSUER = "https://issuer.example";
let clock = Date.parse("2026-09-01T12:00:00Z");
const now = () => new Date(clock);

interface Scene {
  readonly canary: Canary;
  readonly tokens: TokenServer;
  readonly bench: Bench;
  /** A token of the caller, which nobody but the token server may see. */
  readonly token: string;
}

/** Runs a test with an upstream that takes the tokens of an authorization server and no others. */
async function withScene(
  kind: "client_credentials" | "token_exchange",
  work: (scene: Scene) => Promise<void>,
  auth: Record<string, unknown> = {},
): Promise<void> {
  const issuer = await createTestIssuer({ issuer: ISSUER });
  const tokens = await startTokenServer(issuer);
  const canary = await startCanary((request, response) => {
    const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
    response.writeHead(tokens.issued.includes(token) ? 200 : 401, {
      "content-type": "application/json",
    });
    response.end(JSON.stringify({ token }));
  });
  try {
    const billing = {
      baseUrl: canary.url,
      allowPrivate: true,
      timeoutMs: 5000,
      auth: {
        ...clientOf(kind, tokens.tokenUrl),
        ...(kind === "token_exchange" && { subjectIssuers: [ISSUER] }),
        ...auth,
      },
    };
    const opened = await bench({ billing }, { now });
    await work({ canary, tokens, bench: opened, token: await issuer.token() });
  } finally {
    await canary.stop();
    await tokens.stop();
  }
}

test("client credentials: one token for all, asked for once, renewed before its end", () =>
  withScene("client_credentials", async ({ tokens, bench }) => {
    const ask = () => bench.call().upstream("billing").json("/x");
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    assertEquals(tokens.issued.length, 1);
    for (const answer of answers) assertEquals(answer, { token: tokens.issued[0] });
    assertEquals(tokens.grants, [
      { grant_type: "client_credentials", scope: "invoices:read", resource: "https://billing" },
    ]);
    clock += 269_000;
    await ask();
    assertEquals(tokens.issued.length, 1);
    clock += 2_000;
    assertEquals(await ask(), { token: tokens.issued[1] });
    assertEquals(tokens.issued.length, 2);
  }, { scope: "invoices:read", resource: "https://billing" }));

test("client credentials: a refused token is replaced once, and a second 401 is an answer", () =>
  withScene("client_credentials", async ({ canary, tokens, bench }) => {
    let good = 1;
    canary.answer = (request, response) => {
      const isGood = request.headers.authorization === `Bearer ${tokens.issued[good]}`;
      response.writeHead(isGood ? 200 : 401).end("{}");
    };
    const { upstream, calls } = bench.call();
    assertEquals(await upstream("billing").json("/x", { json: { amount: 7 } }), {});
    assertEquals(tokens.issued.length, 2);
    assertEquals(canary.seen.map(({ body }) => body), ['{"amount":7}', '{"amount":7}']);
    good = -1;
    const refused = await upstream("billing").fetch("/x");
    assertEquals([refused.status, tokens.issued.length, canary.seen.length], [401, 3, 4]);
    assertEquals(calls.map(({ status }) => status), [200, 401]);
  }));

test("client credentials: what the authorization server says stays out of every error (H191)", () =>
  withScene("client_credentials", async ({ canary, tokens, bench }) => {
    const { upstream } = bench.call();
    const prose = "client gatehouse at db-internal-7 secret=upstream-secret-of-ours";
    const refusals: readonly TokenServer["refusal"][] = [
      { status: 400, body: { error: "invalid_scope", error_description: prose } },
      { status: 401, body: { error: "invalid_client", error_description: prose } },
      { status: 400, body: { error: prose } },
      { status: 500, body: prose },
      { status: 302, body: {} },
      { status: 200, body: prose },
      { status: 200, body: { access_token: "", token_type: "Bearer" } },
      { status: 200, body: { access_token: "a b\r\nx: y", token_type: "Bearer" } },
      { status: 200, body: { access_token: "x".repeat(20_000), token_type: "Bearer" } },
      { status: 200, body: { access_token: "x", token_type: "DPoP" } },
      { status: 200, body: { access_token: "x", token_type: "N_A" } },
      { status: 200, body: { token: "x" } },
    ];
    for (const refusal of refusals) {
      tokens.refusal = refusal;
      const error = await assertRejects(() => upstream("billing").fetch("/x"), AppError);
      assertEquals([error.code, error.reason], ["unavailable", "upstream_token"]);
      assertEquals([error.cause, error.details], [undefined, undefined]);
      assert(!String(error.stack).includes("db-internal"));
    }
    assertEquals(canary.seen.length, 0);
    assertEquals(bench.warnings.length, refusals.length);
    assert(!JSON.stringify(bench.warnings).includes("db-internal"));
    assertEquals(bench.warnings.slice(0, 3).map(({ error }) => error), [
      "invalid_scope",
      "invalid_client",
      "unknown",
    ]);
  }));

test("client credentials: an assertion in the place of the secret, for the issuer that was found", () =>
  withDirectory(async (folder) => {
    const file = join(folder, "key.pem");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }));
    const tokens = await startTokenServer();
    const canary = await startCanary();
    const auth = {
      kind: "client_credentials",
      issuer: tokens.url,
      clientId: UPSTREAM_CLIENT.clientId,
      privateKeyFile: file,
    };
    const billing = { baseUrl: canary.url, allowPrivate: true, auth };
    const opened = await bench({ billing });
    await opened.call().upstream("billing").json("/x");
    const { client_assertion: assertion = "" } = tokens.grants[0]!;
    const { iss, sub, aud } = decodeJwt(assertion);
    assertEquals([iss, sub, aud], ["gatehouse", "gatehouse", tokens.url]);
    assertEquals(decodeProtectedHeader(assertion).alg, "ES256");
    assertEquals(canary.seen[0]!.headers.authorization, `Bearer ${tokens.issued[0]}`);
    await canary.stop();
    await tokens.stop();

    const missing = { ...auth, privateKeyFile: join(folder, "none.pem") };
    const broken = { ...auth, privateKeyFile: join(folder, "broken.pem") };
    await writeFile(broken.privateKeyFile, "-----BEGIN something of mine-----");
    const error = await assertRejects(
      () => bench({ a: { ...billing, auth: missing }, b: { ...billing, auth: broken } }),
      AppError,
    );
    assertStringIncludes(error.message, "upstreams.a.auth.privateKeyFile");
    assertStringIncludes(error.message, "upstreams.b.auth.privateKeyFile");
    assert(!error.message.includes("something of mine"));
  }));

test("metadata that names a private token endpoint elsewhere leads nowhere (H186)", async () => {
  const inner = await startCanary();
  const metadata: Canary = await startCanary((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ issuer: metadata.url, token_endpoint: `${inner.url}/token` }));
  });
  const { tokenUrl: _, ...client } = clientOf("client_credentials", "");
  const opened = await bench({
    billing: {
      baseUrl: metadata.url,
      allowPrivate: true,
      auth: { ...client, issuer: metadata.url },
    },
  });
  const refusal = await refusalOf(opened.call().upstream("billing").fetch("/x"));
  assertEquals(refusal, "unavailable upstream_token");
  assertEquals(inner.connections, 0);
  await inner.stop();
  await metadata.stop();
});

test("token exchange: the caller's token goes to the token endpoint and nowhere else (R44, H197)", () =>
  withScene("token_exchange", async ({ canary, tokens, bench, token }) => {
    const { upstream } = bench.call(callerWith(token, ISSUER));
    assertEquals(await upstream("billing").json("/x"), { token: tokens.issued[0] });
    assertEquals(tokens.grants, [{
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      scope: "invoices:read",
      audience: "billing",
    }]);
    for (const { text } of canary.seen) assert(!text.includes(token));
    assert(!JSON.stringify(bench.warnings).includes(token));
  }, { scope: "invoices:read", audience: "billing" }));

test("token exchange: cached for the caller, the client and the very scopes of the token", () =>
  withScene("token_exchange", async ({ canary, tokens, bench, token }) => {
    const as = async (changes: Parameters<typeof principal>[0]) => {
      const called = bench.call(callerWith(token, ISSUER, changes));
      await called.upstream("billing").json("/x");
      return canary.seen.at(-1)!.headers.authorization!.slice("Bearer ".length);
    };
    const first = await as({ scopes: ["org:read", "env:read"] });
    assertEquals(await as({ scopes: ["env:read", "org:read"], tokenId: "another" }), first);
    assertEquals(tokens.issued.length, 1);
    // A narrower token must not find what a wider one was exchanged for.
    const others = [
      await as({ scopes: ["org:read"] }),
      await as({ scopes: ["org:read", "env:read"], subject: "user-2" }),
      await as({ scopes: ["org:read", "env:read"], clientId: "client-2" }),
      await as({ scopes: ["org:read", "env:read"], kind: "client" }),
    ];
    assertEquals(new Set([first, ...others]).size, 5);
    clock += 271_000;
    assert(await as({ scopes: ["org:read", "env:read"] }) !== first);
  }));

test("token exchange: dropped on revocation, bounded, and not kept where its call ended meanwhile", () =>
  withScene("token_exchange", async ({ tokens, bench, token }) => {
    const ask = (clientId: string, signal?: AbortSignal) =>
      bench.call({ ...callerWith(token, ISSUER, { clientId }), ...(signal && { signal }) })
        .upstream("billing").fetch("/x");
    await ask("client-1");
    await ask("client-2");
    assertEquals([bench.exchanged.size, tokens.issued.length], [2, 2]);
    bench.exchanged.dropWhere((bearer) =>
      bearer.clientId === "client-1" ? "client_revoked" as never : undefined
    );
    assertEquals(bench.exchanged.size, 1);
    await ask("client-2");
    assertEquals(tokens.issued.length, 2);
    await ask("client-1");
    assertEquals(tokens.issued.length, 3);

    const ended = new AbortController();
    const asking = ask("client-3", ended.signal);
    ended.abort();
    assertEquals(await refusalOf(asking), "unavailable upstream_aborted");
    assertEquals(bench.exchanged.size, 2);

    const small = createExchangedTokens(10);
    for (let index = 0; index < 100; index += 1) {
      small.set(String(index), { value: "x", principal: principal() }, Infinity);
    }
    assertEquals(small.size, 10);
  }));

test("token exchange: what is no proper answer is not used, the caller's own token least of all", () =>
  withScene("token_exchange", async ({ canary, tokens, bench, token }) => {
    const ask = () =>
      refusalOf(bench.call(callerWith(token, ISSUER)).upstream("billing").fetch("/x"));
    const unusable: readonly Record<string, unknown>[] = [
      { access_token: token },
      { issued_token_type: undefined },
      { issued_token_type: "urn:ietf:params:oauth:token-type:refresh_token" },
      { issued_token_type: "urn:ietf:params:oauth:token-type:id_token" },
      { token_type: "N_A" },
      { access_token: undefined },
      { expires_in: -1 },
      { expires_in: "soon" },
    ];
    for (const changes of unusable) {
      tokens.changes = changes;
      assertEquals(await ask(), "unavailable upstream_token", JSON.stringify(changes));
    }
    tokens.changes = {};
    const codes: Record<string, string> = {
      invalid_request: "forbidden upstream_exchange",
      invalid_grant: "forbidden upstream_exchange",
      access_denied: "forbidden upstream_exchange",
      invalid_target: "unavailable upstream_token",
      unauthorized_client: "unavailable upstream_token",
      unsupported_grant_type: "unavailable upstream_token",
    };
    for (const [error, expected] of Object.entries(codes)) {
      // A careless server may say the token back; nobody may read it from an error of ours.
      tokens.refusal = { status: 400, body: { error, error_description: `bad: ${token}` } };
      assertEquals(await ask(), expected, error);
    }
    assertEquals(canary.seen.length, 0);
    assert(!JSON.stringify(bench.warnings).includes(token));
  }));

test("token exchange: only tokens of the issuers that are configured, and only while the request lasts", () =>
  withScene("token_exchange", async ({ tokens, bench, token }) => {
    const foreign = bench.call(callerWith(token, "https://other.example"));
    assertEquals(
      await refusalOf(foreign.upstream("billing").fetch("/x")),
      "forbidden upstream_issuer",
    );
    const without = bench.call({ principal: principal({ issuer: ISSUER }) });
    assertEquals(
      await refusalOf(without.upstream("billing").fetch("/x")),
      "forbidden upstream_issuer",
    );
    const caller = callerWith(token, ISSUER);
    caller.subject.forget();
    const late = bench.call(caller);
    assertEquals(await refusalOf(late.upstream("billing").fetch("/x")), "unavailable call_over");
    assertEquals(tokens.grants.length, 0);
  }));
