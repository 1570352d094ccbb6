/** The consent and login pages: what they say, and that nobody but the person on the page answers them (H250-H252, H255, H258). */

import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { loadOrCreateKeys } from "../../../auth/embedded/keys.ts";
import { openStore } from "../../../store/mod.ts";
import {
  authorizeUrl,
  Browser,
  cheapHash,
  exchange,
  followToClient,
  freePort,
  openPage,
  refresh,
  RESOURCE,
  withServer,
} from "./support.ts";

test("the page names the client, the redirect host, the resource and each scope in words", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register({ client_name: "Notes & <b>Co</b>" });
    const url = authorizeUrl(issuer, client_id, { scope: "env:read org:write unknown openid" });
    const page = await openPage(new Browser(issuer), url);
    assertEquals(page.response.status, 200);
    for (
      const words of [
        "Notes &amp; &lt;b&gt;Co&lt;/b&gt; wants access",
        "nobody has checked it",
        "localhost:3334",
        "a program on this computer",
        RESOURCE,
        "See environments and their settings",
        "Create, change and delete organizations and their users",
        "local operator",
      ]
    ) assertStringIncludes(page.text, words);
    assert(!page.text.includes("<b>Co"));
    assert(!page.text.includes("unknown"));
    assert(!page.text.includes("Change environments"));
  }));

test("the page cannot be framed, runs no script and loads nothing", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register();
    const { response, text } = await openPage(new Browser(issuer), authorizeUrl(issuer, client_id));
    assertMatch(
      response.headers.get("content-security-policy") ?? "",
      /^default-src 'none'; script-src; style-src 'sha256-[\w+/=]+'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    assertEquals(response.headers.get("x-frame-options"), "DENY");
    assertEquals(response.headers.get("cache-control"), "no-store");
    assertEquals(response.headers.get("access-control-allow-origin"), null);
    assert(!/<script|\son\w+=|\ssrc=|\shref=|\sstyle=|url\(/i.test(text));
  }));

test("the interaction cookie is HttpOnly, SameSite=Lax and bound to its page", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register();
    const response = await fetch(authorizeUrl(issuer, client_id), { redirect: "manual" });
    assertEquals(response.status, 303);
    const location = response.headers.get("location") ?? "";
    const cookies = response.headers.getSetCookie();
    assert(cookies.length >= 4);
    for (const cookie of cookies) {
      assertMatch(cookie, /httponly/i);
      assertMatch(cookie, /samesite=lax/i);
    }
    assert(cookies.some((cookie) => cookie.includes(`path=${new URL(location, issuer).pathname}`)));
    await response.body?.cancel();
  }));

test("names and addresses that a client made up stay text (H250)", () =>
  withServer({}, async ({ register, issuer }) => {
    const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`;
    const { client_id } = await register({
      client_name: `${evil}\u202e\u0000`,
      redirect_uris: ["https://app.example.com/cb?x=%22%3E%3Cscript%3E"],
    });
    const { text } = await openPage(
      new Browser(issuer),
      authorizeUrl(issuer, client_id, {
        redirect_uri: "https://app.example.com/cb?x=%22%3E%3Cscript%3E",
        scope: `env:read`,
        state: evil,
      }),
    );
    assertStringIncludes(text, "&quot;&gt;&lt;script&gt;alert(1)");
    assertStringIncludes(text, "app.example.com");
    assert(!/<script|<img|\u202e/.test(text));
  }));

test("Deny tells the client so", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register();
    const browser = new Browser(issuer);
    const page = await openPage(browser, authorizeUrl(issuer, client_id));
    const answer = await browser.submit(page.url, { token: page.token, decision: "deny" });
    assertEquals(answer.status, 303);
    const url = await followToClient(browser, answer);
    assertEquals(url.searchParams.get("error"), "access_denied");
    assertEquals(url.searchParams.get("state"), "state-1");
    assertEquals(url.searchParams.get("iss"), issuer);
    assertEquals(url.searchParams.get("code"), null);
  }));

test("an answer counts only from our page in the browser that was asked (H251)", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register();
    const browser = new Browser(issuer);
    const page = await openPage(browser, authorizeUrl(issuer, client_id));
    const fields = { token: page.token, decision: "approve" };
    const other = new Browser(issuer);
    const otherPage = await openPage(other, authorizeUrl(issuer, client_id));
    const refusals: [Promise<Response>, number][] = [
      [browser.submit(page.url, { decision: "approve" }), 403],
      [browser.submit(page.url, { ...fields, token: "x" }), 403],
      [browser.submit(page.url, { ...fields, token: otherPage.token }), 403],
      [browser.submit(page.url, fields, { origin: "https://evil.example" }), 403],
      [browser.submit(page.url, fields, { origin: "null" }), 403],
      [browser.submit(page.url, fields, { origin: "http://localhost:3000" }), 403],
      [other.submit(page.url, fields), 400],
      [new Browser(issuer).submit(page.url, fields), 400],
      [browser.submit(page.url, { ...fields, decision: "whatever" }), 400],
      [browser.submit(page.url, { ...fields, padding: "x".repeat(20_000) }), 403],
    ];
    for (const [answer, status] of refusals) {
      const response = await answer;
      assertEquals(response.status, status);
      assertEquals(response.headers.get("location"), null);
      await response.body?.cancel();
    }
    const answer = await browser.submit(page.url, fields, { origin: issuer });
    assertEquals(answer.status, 303);
    assertMatch((await followToClient(browser, answer)).search, /code=/);
  }));

test("exactly the scopes on the page are granted, also after a wider grant", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const browser = new Browser(running.issuer);
    for (const scope of ["env:read org:write", "env:read"]) {
      const page = await openPage(browser, authorizeUrl(running.issuer, client_id, { scope }));
      const answer = await browser.submit(page.url, { token: page.token, decision: "approve" });
      const code = (await followToClient(browser, answer)).searchParams.get("code") ?? "";
      assertEquals((await (await exchange(running, client_id, code)).json()).scope, scope);
    }
  }));

async function withUsers(body: Parameters<typeof withServer>[1]): Promise<void> {
  const users = [
    { subject: "u-ada", name: "ada", passwordHash: cheapHash("correct horse") },
    { subject: "u-bob", name: "bob", passwordHash: cheapHash("battery staple") },
  ];
  await withServer({ users }, body);
}

async function signIn(browser: Browser, url: string, name: string, password: string) {
  const page = await openPage(browser, url);
  assertStringIncludes(page.text, "<h1>Sign in</h1>");
  const fields = { token: page.token, decision: "sign-in", name, password };
  const response = await browser.submit(page.url, fields);
  return { page, response };
}

test("with users, somebody signs in before deciding, and is the subject", () =>
  withUsers(async (running) => {
    const { client_id } = await running.register();
    const browser = new Browser(running.issuer);
    const url = authorizeUrl(running.issuer, client_id);
    const { response } = await signIn(browser, url, "ada", "correct horse");
    assertEquals(response.status, 303);
    const resumed = await browser.open(response.headers.get("location") ?? "");
    const consent = await browser.open(resumed.headers.get("location") ?? "");
    const text = await consent.text();
    assertStringIncludes(text, "<strong>ada</strong>");
    assert(!text.includes("local operator"));
    const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const answer = await browser.submit(resumed.headers.get("location") ?? "", {
      token,
      decision: "approve",
    });
    const code = (await followToClient(browser, answer)).searchParams.get("code") ?? "";
    const { access_token } = await (await exchange(running, client_id, code)).json();
    assertEquals((await running.verify(access_token)).payload.sub, "u-ada");

    const next = await openPage(browser, url);
    assertStringIncludes(next.text, "wants access</h1>");
    const again = await openPage(
      browser,
      authorizeUrl(running.issuer, client_id, { prompt: "login" }),
    );
    assertStringIncludes(again.text, "<h1>Sign in</h1>");
  }));

test("a user who is removed signs in no more, and their refresh tokens are over", async () => {
  const now = () => new Date();
  const store = await openStore("sqlite::memory:", { now, seed: false });
  const keys = await loadOrCreateKeys(undefined);
  const port = await freePort();
  const ada = { subject: "u-ada", name: "ada", passwordHash: cheapHash("one") };
  const bob = { subject: "u-bob", name: "bob", passwordHash: cheapHash("two") };
  const browser = new Browser(`http://localhost:${port}`);
  try {
    let clientId: unknown;
    let token: unknown;
    await withServer({ store, keys, port, users: [ada, bob] }, async (running) => {
      clientId = (await running.register())["client_id"];
      const url = authorizeUrl(running.issuer, clientId);
      const { response } = await signIn(browser, url, "bob", "two");
      const page = await openPage(browser, response.headers.get("location") ?? "");
      const answer = await browser.submit(page.url, { token: page.token, decision: "approve" });
      const code = (await followToClient(browser, answer)).searchParams.get("code") ?? "";
      token = (await (await exchange(running, clientId, code)).json()).refresh_token;
      assertEquals(typeof token, "string");
    });
    await withServer({ store, keys, port, users: [ada] }, async (running) => {
      const url = authorizeUrl(running.issuer, clientId);
      assertEquals((await signIn(browser, url, "bob", "two")).response.status, 401);
      const response = await refresh(running, clientId, token);
      assertEquals([response.status, (await response.json()).error], [400, "invalid_grant"]);
    });
  } finally {
    await store.close();
  }
});

test("nobody decides without signing in", () =>
  withUsers(async ({ register, issuer }) => {
    const { client_id } = await register();
    const browser = new Browser(issuer);
    const page = await openPage(browser, authorizeUrl(issuer, client_id));
    const response = await browser.submit(page.url, { token: page.token, decision: "approve" });
    assertEquals(response.status, 400);
    assertStringIncludes(await response.text(), "<h1>Sign in</h1>");
  }));

test("a wrong password and an unknown name look the same, and many tries are throttled", () =>
  withUsers(async ({ register, issuer }) => {
    const { client_id } = await register();
    const browser = new Browser(issuer);
    const url = authorizeUrl(issuer, client_id);
    const page = await openPage(browser, url);
    const attempt = async (name: string, password: string) => {
      const fields = { token: page.token, decision: "sign-in", name, password };
      const response = await browser.submit(page.url, fields);
      return { status: response.status, text: await response.text() };
    };
    const wrong = await attempt("ada", "wrong");
    assertEquals(wrong.status, 401);
    assertStringIncludes(wrong.text, "The name or the password is wrong.");
    assertEquals(await attempt("nobody", "wrong"), wrong);
    for (let count = 0; count < 9; count += 1) await attempt("ada", "wrong");
    const throttled = await attempt("ada", "correct horse");
    assertEquals(throttled.status, 429);
    assertStringIncludes(throttled.text, "Too many tries");
    assertEquals((await attempt("bob", "battery staple")).status, 303);
  }));

test("a public issuer's cookies are bound to https, and its pages to its name", async () => {
  const users = [{ subject: "u", name: "u", passwordHash: cheapHash("password") }];
  const port = await freePort();
  await withServer({ issuer: "https://auth.example.com", port, users }, async () => {
    const at = `http://127.0.0.1:${port}`;
    const registered = await fetch(`${at}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ redirect_uris: ["https://app.example.com/cb"] }),
    });
    const { client_id } = await registered.json();
    const url = authorizeUrl(at, client_id, { redirect_uri: "https://app.example.com/cb" });
    const response = await fetch(url, {
      redirect: "manual",
      headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "http" },
    });
    assertEquals(response.status, 303);
    for (const cookie of response.headers.getSetCookie()) {
      assertMatch(cookie, /^__(Host|Secure)-/);
      assertMatch(cookie, /; secure/i);
    }
    await response.body?.cancel();
  });
});
