/** Revocation at the authorization server: signed tokens (RFC 7009), what comes of a grant, and who gets nothing any more. */

import { decodeJwt } from "jose";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Bearer } from "../../../auth/revocation.ts";
import { loadOrCreateKeys } from "../../../auth/embedded/keys.ts";
import {
  approve,
  authorize,
  authorizeUrl,
  Browser,
  cheapHash,
  exchange,
  followToClient,
  openPage,
  refresh,
  RESOURCE,
  withServer,
} from "./support.ts";
import type { Running } from "./support.ts";

/** Why the resource server would refuse the token. */
function reasonFor({ revocations, issuer }: Running, token: unknown): string | undefined {
  const claims = decodeJwt(String(token));
  return revocations.check({
    issuer,
    kind: claims.sub === claims["client_id"] ? "client" : "user",
    subject: claims.sub,
    clientId: claims["client_id"],
    tokenId: claims.jti,
    issuedAt: claims.iat,
  } as Bearer);
}

async function clientToken(running: Running, basic: Record<string, string>): Promise<string> {
  const form = { grant_type: "client_credentials", resource: RESOURCE };
  return (await (await running.post("/token", form, basic)).json()).access_token;
}

const shutOut = (running: Running, target: { clientId: string } | { subject: string }) =>
  running.access.revoke({
    target: "clientId" in target
      ? { kind: "client", issuer: running.issuer, ...target }
      : { kind: "subject", issuer: running.issuer, ...target },
    reason: "a test",
    actor: "cli",
  });

test("a client revokes its own access token, whatever the hint says (H218, H220)", () =>
  withServer({}, async (running) => {
    const { basic } = await running.addClient();
    for (const hint of [undefined, "access_token", "refresh_token", "x"]) {
      const [token, other] = [
        await clientToken(running, basic),
        await clientToken(running, basic),
      ];
      const form = { token, ...(hint && { token_type_hint: hint }) };
      const response = await running.post("/oauth/revoke", form, basic);
      assertEquals([response.status, await response.text()], [200, ""]);
      assertEquals(reasonFor(running, token), "jti_revoked");
      assertEquals(reasonFor(running, other), undefined);
    }
    const again = await clientToken(running, basic);
    for (const _ of ["once", "twice"]) {
      assertEquals((await running.post("/oauth/revoke", { token: again }, basic)).status, 200);
    }
    assertEquals(running.revocations.size, 5);
    assertEquals(running.logs.filter(({ message }) => /revocation was refused/.test(message)), []);
  }));

test("a revoked token is remembered until it has expired, and not longer (H222)", () =>
  withServer({}, async (running) => {
    const { basic } = await running.addClient();
    const token = await clientToken(running, basic);
    await running.post("/oauth/revoke", { token }, basic);
    const [entry] = running.revocations.list();
    assertEquals(entry?.expiresAt, (decodeJwt(token).exp! + 30) * 1000);
    assertEquals(entry?.actor, "client");
  }));

test("another client's token and garbage are left alone, and the answer does not tell (H219, H220)", () =>
  withServer({}, async (running) => {
    const [mine, theirs] = [await running.addClient(), await running.addClient()];
    const token = await clientToken(running, theirs.basic);
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const forged = btoa(JSON.stringify({ ...claims, client_id: mine.id }))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const elsewhere = await loadOrCreateKeys(undefined);
    const worthless = [
      token,
      `${header}.${forged}.${signature}`,
      `${btoa('{"alg":"none"}')}.${forged}.`,
      `${header}.e30.AAAA`,
      "garbage",
      elsewhere.cliClient.clientSecret,
    ];
    for (const value of worthless) {
      const response = await running.post("/oauth/revoke", { token: value }, mine.basic);
      assertEquals([response.status, await response.text()], [200, ""], value.slice(0, 20));
    }
    assertEquals(running.revocations.size, 0);
    assertEquals(reasonFor(running, token), undefined);
  }));

test("without client authentication nothing is revoked, and nothing is learned (H221)", () =>
  withServer({}, async (running) => {
    const { id, basic } = await running.addClient();
    const token = await clientToken(running, basic);
    const attempts = [
      running.post("/oauth/revoke", { token }),
      running.post("/oauth/revoke", { token, client_id: id }),
      running.post("/oauth/revoke", { token, client_id: id, client_secret: "wrong" }),
    ];
    for (const response of await Promise.all(attempts)) {
      assertEquals([response.status, (await response.json()).error], [401, "invalid_client"]);
    }
    const missing = await running.post("/oauth/revoke", {}, basic);
    assertEquals([missing.status, (await missing.json()).error], [400, "invalid_request"]);
    assertEquals(reasonFor(running, token), undefined);
  }));

test("a revocation that cannot be kept is 503, and the client comes again (RFC 7009 section 2.2.1)", () =>
  withServer({
    revocations: { check: () => undefined, add: () => Promise.reject(new Error("no room")) },
  }, async (running) => {
    const { basic } = await running.addClient();
    const token = await clientToken(running, basic);
    const response = await running.post("/oauth/revoke", { token }, basic);
    assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
    assertEquals((await response.json()).error, "temporarily_unavailable");
  }));

test("a replayed code ends the access token that the code was exchanged for (H242)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const code = (await approve(running, client_id)).searchParams.get("code") ?? "";
    const { access_token } = await (await exchange(running, client_id, code)).json();
    assertEquals(reasonFor(running, access_token), undefined);
    assertEquals((await exchange(running, client_id, code)).status, 400);
    assertEquals(reasonFor(running, access_token), "jti_revoked");
  }));

test("of racing exchanges of one code no access token survives (H242)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    for (let round = 0; round < 3; round += 1) {
      const code = (await approve(running, client_id)).searchParams.get("code") ?? "";
      const answers = await Promise.all([1, 2, 3].map(() => exchange(running, client_id, code)));
      for (const { access_token } of await Promise.all(answers.map((answer) => answer.json()))) {
        if (access_token !== undefined) {
          assertEquals(reasonFor(running, access_token), "jti_revoked");
        }
      }
    }
  }));

test("the second use of a refresh token ends every access token of the chain, and no other's (H243)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const bystander = await authorize(running, client_id);
    const first = await authorize(running, client_id);
    const second = await (await refresh(running, client_id, first["refresh_token"])).json();
    assertEquals((await refresh(running, client_id, first["refresh_token"])).status, 400);
    assertEquals(reasonFor(running, first["access_token"]), "jti_revoked");
    assertEquals(reasonFor(running, second.access_token), "jti_revoked");
    assertEquals(reasonFor(running, bystander["access_token"]), undefined);
    // Not the client's wish, whose room may be used up.
    const actors = new Set(running.revocations.list().map(({ actor }) => actor));
    assertEquals([...actors], ["authorization-server"]);
  }));

test("revoking a refresh token ends the access tokens of its grant (RFC 7009 section 2.1)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const { access_token, refresh_token } = await authorize(running, client_id);
    const form = { client_id: String(client_id), token: String(refresh_token) };
    assertEquals((await running.post("/oauth/revoke", form)).status, 200);
    assertEquals(reasonFor(running, access_token), "jti_revoked");
    assertEquals(running.revocations.list().map(({ actor }) => actor), ["client"]);
    assertEquals((await refresh(running, client_id, refresh_token)).status, 400);
  }));

test("a public client revokes its access token, and keeps what it may refresh", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const { access_token, refresh_token } = await authorize(running, client_id);
    const form = { client_id: String(client_id), token: String(access_token) };
    assertEquals((await running.post("/oauth/revoke", form)).status, 200);
    assertEquals(reasonFor(running, access_token), "jti_revoked");
    const next = await (await refresh(running, client_id, refresh_token)).json();
    assertEquals(reasonFor(running, next.access_token), undefined);
  }));

test("a revoked client gets no token, no refresh and no authorization, until it is restored (H223)", () =>
  withServer({}, async (running) => {
    const machine = await running.addClient();
    const { client_id } = await running.register();
    const { refresh_token } = await authorize(running, client_id);
    const ids = [machine.id, String(client_id)];
    const revoked = await Promise.all(ids.map((clientId) => shutOut(running, { clientId })));
    const asked = { grant_type: "client_credentials" };
    const refused = [
      await running.post("/token", asked, machine.basic),
      await refresh(running, client_id, refresh_token),
    ];
    for (const response of refused) {
      assertEquals([response.status, (await response.json()).error], [401, "invalid_client"]);
    }
    const page = await fetch(authorizeUrl(running.issuer, client_id), { redirect: "manual" });
    assertEquals([page.status, page.headers.get("location")], [400, null]);
    await page.body?.cancel();

    for (const { revocation } of revoked) await running.access.restore(revocation.id, "cli");
    assertEquals((await running.post("/token", asked, machine.basic)).status, 200);
    assertEquals((await refresh(running, client_id, refresh_token)).status, 200);
  }));

test("a subject's refresh tokens end with its tokens, and later ones work (H224)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const old = await authorize(running, client_id);
    await running.access.revoke({
      target: { kind: "subject", issuer: running.issuer, subject: "operator" },
      reason: "a test",
      actor: "cli",
      issuedUntil: Math.floor(Date.now() / 1000),
    });
    assertEquals(reasonFor(running, old["access_token"]), "subject_revoked");
    const refused = await refresh(running, client_id, old["refresh_token"]);
    assertEquals([refused.status, (await refused.json()).error], [400, "invalid_grant"]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const fresh = await authorize(running, client_id);
    assertEquals(reasonFor(running, fresh["access_token"]), undefined);
    assertEquals((await refresh(running, client_id, fresh["refresh_token"])).status, 200);
  }));

test("a revoked subject cannot sign in, go on with a session, or refresh", () => {
  const users = ["ada", "bob"].map((name) => ({
    subject: `u-${name}`,
    name,
    passwordHash: cheapHash("correct horse"),
  }));
  return withServer({ users }, async (running) => {
    const { client_id } = await running.register();
    const signIn = async (name: string) => {
      const browser = new Browser(running.issuer);
      const page = await openPage(browser, authorizeUrl(running.issuer, client_id));
      const fields = { token: page.token, decision: "sign-in", name, password: "correct horse" };
      const answer = await browser.submit(page.url, fields);
      return { browser, answer, url: answer.headers.get("location") ?? "" };
    };
    const consent = async (browser: Browser, url: string) => {
      const page = await openPage(browser, url);
      const answer = await browser.submit(page.url, { token: page.token, decision: "approve" });
      return (await followToClient(browser, answer)).searchParams.get("code") ?? "";
    };
    const ada = await signIn("ada");
    const code = await consent(ada.browser, ada.url);
    const { refresh_token } = await (await exchange(running, client_id, code)).json();
    assertEquals(typeof refresh_token, "string");

    await shutOut(running, { subject: "u-ada" });
    assertEquals((await refresh(running, client_id, refresh_token)).status, 400);
    const session = await openPage(ada.browser, authorizeUrl(running.issuer, client_id));
    assertStringIncludes(session.text, "<h1>Sign in</h1>");
    const again = await signIn("ada");
    const refusal = await followToClient(again.browser, again.answer);
    assertEquals(refusal.searchParams.get("error"), "access_denied");
    const bob = await signIn("bob");
    assert((await consent(bob.browser, bob.url)).length > 0);
  });
});

test("where nobody signs in, a revoked operator decides nothing", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    await shutOut(running, { subject: "operator" });
    const url = await approve(running, client_id);
    assertEquals([url.searchParams.get("error"), url.searchParams.get("code")], [
      "access_denied",
      null,
    ]);
  }));
