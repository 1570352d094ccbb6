import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import {
  approve,
  authorizeUrl,
  Browser,
  CALLBACK,
  cheapHash,
  exchange as exchangeCode,
  openPage,
  withServer,
} from "../auth/embedded/support.ts";
import type { Running } from "../auth/embedded/support.ts";
import { exchange } from "./raw.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async function errorOf(response: Response): Promise<string> {
  return `${response.status} ${(await response.json()).error}`;
}

test("an assertion is signed with the client's registered key, about the client itself (H240)", () =>
  withServer({}, async (running) => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwk = await exportJWK(publicKey);
    const keyed = await running.addClient({ jwks: { keys: [{ ...jwk }] } });
    const secret = await running.addClient();
    const now = Math.floor(Date.now() / 1000);
    const claimsOf = (changes: object) => ({
      iss: keyed.id,
      sub: keyed.id,
      aud: running.issuer,
      iat: now,
      exp: now + 60,
      jti: crypto.randomUUID(),
      ...changes,
    });
    const sign = (changes: object = {}, header: object = {}) =>
      new SignJWT(claimsOf(changes)).setProtectedHeader({ alg: "ES256", ...header })
        .sign(privateKey);
    const ask = (client_assertion: string, more: Record<string, string> = {}) =>
      running.post("/token", {
        grant_type: "client_credentials",
        client_assertion_type: ASSERTION_TYPE,
        client_assertion,
        ...more,
      });
    assertEquals((await ask(await sign())).status, 200);
    const symmetric = (key: string) => {
      const input = [{ alg: "HS256" }, claimsOf({})]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
    };
    const refused: Record<string, string> = {
      "HS256 keyed with the public key": symmetric(JSON.stringify(jwk)),
      "HS256 keyed with nothing": symmetric(""),
      "another client as subject": await sign({ sub: secret.id }),
      "another client altogether": await sign({ sub: secret.id, iss: secret.id }),
      "an unknown client": await sign({ sub: "m2m_0", iss: "m2m_0" }),
      "not yet valid": await sign({ nbf: now + 300 }),
      "no audience": await sign({ aud: undefined }),
      "x5u": await sign({}, { x5u: "http://127.0.0.1:9/" }),
      "x5c": await sign({}, { x5c: ["AAAA"] }),
      "text": "x",
      "dots": "..",
    };
    for (const [name, assertion] of Object.entries(refused)) {
      assertEquals(await errorOf(await ask(assertion)), "401 invalid_client", name);
    }
    const other = await ask(await sign(), { client_assertion_type: "urn:x" });
    assertMatch(await errorOf(other), /^40[01] invalid_(client|request)$/);
    const twice = await running.post("/token", {
      grant_type: "client_credentials",
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await sign(),
    }, secret.basic);
    assertEquals(await errorOf(twice), "400 invalid_request");
  }));

test("a code is over after a minute, and its verifier is as RFC 7636 has it (H242)", async () => {
  let time = Date.now();
  await withServer({ now: () => new Date(time) }, async (running) => {
    const { client_id } = await running.register();
    const codeOf = async () => (await approve(running, client_id)).searchParams.get("code")!;
    for (
      const code_verifier of ["a".repeat(129), "é".repeat(43), "a b".repeat(15), "=".repeat(43)]
    ) {
      const response = await exchangeCode(running, client_id, await codeOf(), { code_verifier });
      assertMatch(await errorOf(response), /^400 invalid_(grant|request)$/);
    }
    const code = await codeOf();
    time += 61_000;
    assertEquals(
      await errorOf(await exchangeCode(running, client_id, code)),
      "400 invalid_grant",
    );
  });
});

/** A GET of exactly this target. */
async function get(running: Running, target: string) {
  const { host } = new URL(running.issuer);
  const { responses: [response] } = await exchange(
    [`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\n\r\n`],
    { port: running.server.port },
  );
  assert(response, `no answer to ${target}`);
  return response;
}

test("no spelling of a redirect URI leads elsewhere (H245, H246)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register({
      redirect_uris: [CALLBACK, "https://app.example.com/callback"],
    });
    const base = `/authorize?response_type=code&client_id=${client_id}&scope=env:read` +
      `&code_challenge=${"a".repeat(43)}&code_challenge_method=S256&redirect_uri=`;
    const ours = await get(running, base + encodeURIComponent(CALLBACK));
    assertEquals(ours.status, 303);
    const elsewhere = [
      "http://loc%61lhost:3334/oauth/callback",
      "http://localhost:3334/oauth/%2e%2e/oauth/callback",
      "http://localhost:3334/oauth/./callback",
      "http://localhost:3334//oauth/callback",
      "http://localhost:3334\\@evil.example/oauth/callback",
      "http://localhost:3334%2f@evil.example/oauth/callback",
      "http://ⓛocalhost:3334/oauth/callback",
      "http://localhost。evil.example:3334/oauth/callback",
      "http://[::ffff:127.0.0.1]:3334/oauth/callback",
      "http://2130706433:3334/oauth/callback",
      "http://localhost.:3334/oauth/callback",
      "http://localhost:3334/oauth/callback\t",
      "http://localhost:3334/oauth/callback%0d%0aLocation:%20https://evil.example",
      "//localhost:3334/oauth/callback",
      "https://app.example.com/callback%00.evil.example",
      "https://аpp.example.com/callback",
      "https://xn--pp-7kc.example.com/callback",
      "HTTPS://app.example.com/callback",
      "https://app.example.com:443/callback",
      "https://app.example.com./callback",
      "https://app.example.com/callback;x",
      "https://app.example.com/callback?",
    ];
    for (const uri of elsewhere) {
      for (const query of [encodeURIComponent(uri), ...(/^[!-$&-~]+$/.test(uri) ? [uri] : [])]) {
        const response = await get(running, base + query);
        assertEquals([response.status, response.header("location")], [400, undefined], query);
        assert(!response.body.includes("evil.example"), query);
      }
    }
  }));

test("what a stranger writes into a request comes back as text, if at all (H249, H250)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const evil = `"><script>alert(1)</script>'\r\nSet-Cookie: x=y`;
    const reflected = [
      { scope: `env:read ${evil}` },
      { state: evil },
      { error_description: evil, error: evil },
      { ui_locales: evil, claims: evil, acr_values: evil, login_hint: evil },
      { nonce: evil, display: evil, max_age: evil, id_token_hint: evil },
      { redirect_uri: evil },
      { client_id: evil },
      { response_mode: evil },
      { response_type: evil },
      { code_challenge_method: evil },
      { prompt: evil },
      { resource: evil },
      { [evil]: evil },
      { state: "x".repeat(10_240) },
    ];
    for (const changes of reflected) {
      const url = authorizeUrl(running.issuer, client_id, changes as Record<string, string>);
      const response = await get(running, url.slice(running.issuer.length));
      const [name] = Object.keys(changes);
      assert([303, 400].includes(response.status), `${name} ${response.status}`);
      assert(!response.body.includes("<script"), name);
      assert(!response.headers.some(([, value]) => value === "x=y"), name);
      const location = response.header("location") ?? "";
      assertMatch(location, /^[!-~]*$/, name);
      assert(!location.includes("<") && !location.includes('"'), name);
      if (!location.startsWith("/interaction/")) continue;
      const browser = new Browser(running.issuer);
      const { text } = await openPage(browser, url);
      assert(!/<script|alert\(1\)<\/|onerror=/.test(text), name);
    }
  }));

test("a session that somebody planted does not become that of who signs in (H252)", () => {
  const users = [
    { subject: "u-ada", name: "ada", passwordHash: cheapHash("correct horse") },
    { subject: "u-mallory", name: "mallory", passwordHash: cheapHash("staple") },
  ];
  return withServer({ users }, async (running) => {
    const { client_id } = await running.register();
    const url = authorizeUrl(running.issuer, client_id, { prompt: "login" });
    const again = authorizeUrl(running.issuer, client_id);
    /** Signs in, ends an earlier session where the server asks for that, and returns the cookies on the consent page. */
    async function signIn(browser: Browser, name: string, password: string): Promise<string> {
      const page = await openPage(browser, url);
      const fields = { token: page.token, decision: "sign-in", name, password };
      let response = await browser.submit(page.url, fields);
      let session = "";
      for (let hop = 0; hop < 6; hop += 1) {
        const set = response.headers.getSetCookie().map((line) => line.split(";")[0]!)
          .filter((pair) => /^gatehouse_session(\.sig)?=./.test(pair));
        if (set.length > 0) session = set.join("; ");
        const text = await response.text();
        if (text.includes("wants access</h1>")) return session;
        const xsrf = /name="xsrf" value="([^"]+)"/.exec(text)?.[1];
        response = xsrf === undefined
          ? await browser.open(response.headers.get("location")!)
          : await browser.submit("/session/end/confirm", { xsrf, logout: "yes" });
      }
      throw new Error("no consent page");
    }
    /** What the consent or sign-in page says to whoever has these cookies. */
    async function pageFor(cookie: string): Promise<string> {
      const stranger = new Browser(running.issuer);
      const redirect = await stranger.open(again, { headers: { cookie } });
      return await (await stranger.open(redirect.headers.get("location")!)).text();
    }
    const browser = new Browser(running.issuer);
    const planted = await signIn(browser, "mallory", "staple");
    assertMatch(await pageFor(planted), /<strong>mallory<\/strong>/);
    const own = await signIn(browser, "ada", "correct horse");
    assertNotEquals(own, planted);
    assertMatch(await pageFor(own), /<strong>ada<\/strong>/);
    assertMatch(await pageFor(planted), /<h1>Sign in<\/h1>/);
  });
});
