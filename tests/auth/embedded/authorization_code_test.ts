/** The authorization code grant: PKCE, redirects, and codes that work once (H242, H245-H249). */

import { decodeJwt } from "jose";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  approve,
  authorize,
  authorizeUrl,
  Browser,
  CALLBACK,
  exchange,
  followToClient,
  openPage,
  OTHER_RESOURCE,
  refresh,
  RESOURCE,
  withServer,
} from "./support.ts";

test("a registered client gets tokens for the local operator", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const url = await approve(running, client_id, { scope: "env:read org:write" });
    assertEquals(url.origin + url.pathname, CALLBACK);
    assertEquals(url.searchParams.get("state"), "state-1");
    assertEquals(url.searchParams.get("iss"), running.issuer);
    const response = await exchange(running, client_id, url.searchParams.get("code") ?? "");
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("cache-control"), "no-store");
    const body = await response.json();
    assertEquals(Object.keys(body).sort(), [
      "access_token",
      "expires_in",
      "refresh_token",
      "scope",
      "token_type",
    ]);
    assertEquals([body.expires_in, body.scope], [300, "env:read org:write"]);
    const { payload } = await running.verify(body.access_token);
    assertEquals(payload.sub, "operator");
    assertEquals(payload["client_id"], client_id);
    assertEquals(payload.aud, RESOURCE);
    assertEquals((payload.exp ?? 0) - (payload.iat ?? 0), 300);
  }));

test("a confidential client authenticates for the code", () =>
  withServer({}, async (running) => {
    const client = await running.register({ token_endpoint_auth_method: "client_secret_post" });
    const client_secret = String(client["client_secret"]);
    assert(client_secret.length >= 43);
    for (
      const [secret, status] of [[undefined, 401], ["wrong", 401], [client_secret, 200]] as const
    ) {
      const code = (await approve(running, client["client_id"])).searchParams.get("code") ?? "";
      const response = await exchange(running, client["client_id"], code, {
        ...(secret && { client_secret: secret }),
      });
      assertEquals(response.status, status);
      await response.body?.cancel();
    }
    const kept = JSON.stringify(
      await running.store.authorizationState.find("Client", String(client["client_id"])),
    );
    assert(!kept.includes(client_secret));
  }));

test("a replayed code is refused and ends what it was exchanged for", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const code = (await approve(running, client_id)).searchParams.get("code") ?? "";
    const { refresh_token } = await (await exchange(running, client_id, code)).json();
    const replay = await exchange(running, client_id, code);
    assertEquals([replay.status, (await replay.json()).error], [400, "invalid_grant"]);
    const refreshed = await refresh(running, client_id, refresh_token);
    assertEquals([refreshed.status, (await refreshed.json()).error], [400, "invalid_grant"]);
  }));

test("of two racing exchanges of one code at most one succeeds, and nothing of it survives", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const code = (await approve(running, client_id)).searchParams.get("code") ?? "";
    const answers = await Promise.all([1, 2, 3].map(() => exchange(running, client_id, code)));
    const bodies = await Promise.all(answers.map((answer) => answer.json()));
    const won = bodies.filter((body) => body.access_token !== undefined);
    assert(won.length <= 1);
    for (const body of won) {
      assertEquals((await refresh(running, client_id, body.refresh_token)).status, 400);
    }
  }));

test("a code is bound to its client, redirect and verifier (H242)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const { client_id: other } = await running.register();
    const wrong: Record<string, Record<string, string>> = {
      "other client": { client_id: String(other) },
      "other redirect": { redirect_uri: "http://localhost:3335/oauth/callback" },
      "other verifier": { code_verifier: "a".repeat(43) },
      "short verifier": { code_verifier: "short" },
      "no verifier": { code_verifier: "" },
      "unknown code": { code: "x".repeat(43) },
      "other resource": { resource: OTHER_RESOURCE },
    };
    for (const [name, changes] of Object.entries(wrong)) {
      const code = (await approve(running, client_id)).searchParams.get("code") ?? "";
      const response = await exchange(running, client_id, code, changes);
      assertEquals(response.status, 400, name);
      const body = await response.json();
      assertMatch(body.error, /^invalid_(grant|request|target)$/, name);
      assertEquals(body.access_token, undefined);
    }
  }));

test("PKCE with S256 is required, and the refusal goes to the client with iss (H248)", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register();
    for (
      const changes of [
        { code_challenge: undefined, code_challenge_method: undefined },
        { code_challenge_method: "plain" },
        { code_challenge_method: undefined },
        { code_challenge: undefined },
        { code_challenge: "short" },
      ]
    ) {
      const browser = new Browser(issuer);
      const response = await browser.open(authorizeUrl(issuer, client_id, changes));
      assertEquals(response.status, 303);
      const url = new URL(response.headers.get("location") ?? "");
      assertEquals(url.origin + url.pathname, CALLBACK);
      assertEquals(url.searchParams.get("error"), "invalid_request");
      assertEquals(url.searchParams.get("iss"), issuer);
      assertEquals(url.searchParams.get("state"), "state-1");
      assertEquals(url.searchParams.get("code"), null);
    }
  }));

test("an unknown client or redirect never redirects (H245, H246)", () =>
  withServer({}, async ({ register, issuer, addClient }) => {
    const { client_id } = await register({
      redirect_uris: [CALLBACK, "https://app.example.com/callback", "cursor://app/callback"],
    });
    const operatorClient = await addClient();
    const requests = [
      authorizeUrl(issuer, "dyn_unknown"),
      authorizeUrl(issuer, "<script>alert(1)</script>"),
      authorizeUrl(issuer, operatorClient.id),
      ...[
        "https://evil.example/callback",
        `${CALLBACK}/more`,
        `${CALLBACK}/../other`,
        `${CALLBACK}?x=1`,
        `${CALLBACK}#x`,
        "http://localhost:3334@evil.example/oauth/callback",
        "http://user@localhost:3334/oauth/callback",
        "http://127.0.0.1:3334/oauth/callback",
        "https://localhost:3334/oauth/callback",
        "http://localhost.evil.example:3334/oauth/callback",
        "http://localhost:3334/OAUTH/callback",
        "https://app.example.com:444/callback",
        "https://app.example.com/callback/",
        "https://APP.example.com/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "cursor://app/other",
        "",
      ].map((redirect_uri) => authorizeUrl(issuer, client_id, { redirect_uri })),
      authorizeUrl(issuer, client_id, { redirect_uri: undefined }),
      `${authorizeUrl(issuer, client_id)}&redirect_uri=https://evil.example/callback`,
    ];
    for (const request of requests) {
      const response = await new Browser(issuer).open(request);
      assertEquals(response.status, 400, request);
      assertEquals(response.headers.get("location"), null, request);
      assertMatch(response.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
      const text = await response.text();
      assertMatch(text, /This did not work/);
      assert(!text.includes("evil.example"), request);
      assert(!/<script|at .+\.js:\d+/.test(text), request);
    }
  }));

test("a loopback redirect matches on any port (RFC 8252 section 7.3)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register({
      redirect_uris: [
        "http://127.0.0.1/",
        "http://localhost:3334/oauth/callback",
        "http://[::1]/cb",
      ],
    });
    for (
      const redirect_uri of [
        "http://127.0.0.1:33418/",
        "http://localhost:50123/oauth/callback",
        "http://[::1]:4000/cb",
      ]
    ) {
      const url = await approve(running, client_id, { redirect_uri });
      assertEquals(url.href.split("?")[0], redirect_uri);
      const response = await exchange(running, client_id, url.searchParams.get("code") ?? "", {
        redirect_uri,
      });
      assertEquals(response.status, 200);
      await response.body?.cancel();
    }
  }));

test("a private-use scheme gets its answer", () =>
  withServer({}, async (running) => {
    const redirect_uri = "cursor://anysphere.cursor-mcp/oauth/callback";
    const { client_id } = await running.register({ redirect_uris: [redirect_uri] });
    const url = await approve(running, client_id, { redirect_uri });
    assertEquals(url.href.split("?")[0], redirect_uri);
    assertMatch(url.searchParams.get("code") ?? "", /^[\w-]{40,}$/);
  }));

test("unsupported requests are refused at the client (H247, H253, H254)", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register();
    const refusals = [
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ response_type: "code id_token" }, "unsupported_response_type"],
      [{ request: "e30.e30." }, "request_not_supported"],
      [{ request_uri: "http://169.254.169.254/" }, "request_uri_not_supported"],
      [{ prompt: "none" }, "login_required"],
      [{ prompt: "create" }, "invalid_request"],
      [{ resource: "https://evil.example/mcp" }, "invalid_target"],
      [{ resource: `${RESOURCE}/` }, "invalid_target"],
      [{ scope: "unknown" }, "invalid_scope"],
    ] as const;
    for (const [changes, error] of refusals) {
      const response = await new Browser(issuer).open(authorizeUrl(issuer, client_id, changes));
      const url = new URL(response.headers.get("location") ?? "about:blank");
      // The fragment carries the answer to a response type that asks for tokens.
      const parameters = new URLSearchParams(url.search || url.hash.slice(1));
      assertEquals(parameters.get("error"), error);
      assertEquals(parameters.get("iss"), issuer);
    }
    const twice = `${authorizeUrl(issuer, client_id)}&resource=${
      encodeURIComponent(OTHER_RESOURCE)
    }`;
    const response = await new Browser(issuer).open(twice);
    assertMatch(response.headers.get("location") ?? "", /error=invalid_target/);
  }));

test("state comes back as it was sent (H249)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    for (const state of ['"><script>alert(1)</script>', "a\r\nb: c", "x".repeat(6000), "ü&=#"]) {
      const url = await approve(running, client_id, { state });
      assertEquals(url.searchParams.get("state"), state);
    }
  }));

test("without a scope the baseline is asked for, and OpenID Connect's scopes do no harm", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    for (
      const [scope, granted] of [
        [undefined, "env:read org:read wks:read"],
        ["openid profile", "env:read org:read wks:read"],
        ["openid env:read offline_access", "env:read"],
        ["env:read unknown", "env:read"],
      ]
    ) {
      const body = await authorize(running, client_id, { scope, prompt: "consent" });
      assertEquals(body["scope"], granted);
      assertEquals(body["id_token"], undefined);
      assertEquals(typeof body["refresh_token"], "string");
    }
  }));

test("the resource defaults to the first, and another accepted one can be named", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const byDefault = await authorize(running, client_id, { resource: undefined });
    assertEquals(decodeJwt(String(byDefault["access_token"])).aud, RESOURCE);
    const named = await authorize(running, client_id, { resource: OTHER_RESOURCE });
    assertEquals(decodeJwt(String(named["access_token"])).aud, OTHER_RESOURCE);
  }));

test("an answered page is over (H252)", () =>
  withServer({}, async ({ register, issuer }) => {
    const { client_id } = await register();
    const browser = new Browser(issuer);
    const page = await openPage(browser, authorizeUrl(issuer, client_id));
    const fields = { token: page.token, decision: "approve" };
    await followToClient(browser, await browser.submit(page.url, fields));
    const again = await browser.submit(page.url, fields);
    assertEquals(again.status, 400);
    assertMatch(await again.text(), /no longer open/);
  }));
