/** Dynamic registration: what real clients send is accepted, what would hurt is refused or dropped, and it is bounded (H256). */

import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { MAX_DYNAMIC_CLIENTS } from "../../../auth/embedded/registration.ts";
import { approve, authorize, authorizeUrl, Browser, exchange, withServer } from "./support.ts";

const DAY_MS = 86_400_000;

/** What clients really send. */
const REAL_CLIENTS: Record<string, Record<string, unknown>> = {
  "mcp-remote": {
    client_name: "MCP CLI Proxy",
    client_uri: "https://github.com/punkpeye/mcp-remote",
    redirect_uris: ["http://localhost:21573/oauth/callback"],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: "native",
    software_id: "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
    software_version: "0.15.1",
    scope: "openid profile email unknown:scope",
  },
  "VS Code": {
    client_name: "Visual Studio Code",
    client_uri: "https://code.visualstudio.com",
    grant_types: [
      "authorization_code",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
    ],
    response_types: ["code"],
    redirect_uris: [
      "https://insiders.vscode.dev/redirect",
      "https://vscode.dev/redirect",
      "http://127.0.0.1/",
      "http://127.0.0.1:33418/",
    ],
    token_endpoint_auth_method: "none",
    application_type: "native",
  },
  "Claude Code": {
    client_name: "Claude Code (gatehouse)",
    redirect_uris: ["http://localhost:54545/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    scope: "env:read org:read",
  },
  "Inspector": {
    client_name: "MCP Inspector",
    client_uri: "https://github.com/modelcontextprotocol/inspector",
    redirect_uris: [
      "http://localhost:6274/oauth/callback",
      "http://localhost:6274/oauth/callback/debug",
    ],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    scope: "env:read",
    logo_uri: "http://169.254.169.254/logo.png",
  },
  "Cursor": {
    client_name: "Cursor",
    redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  "a web application": {
    client_name: "Claude",
    redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
    application_type: "web",
    token_endpoint_auth_method: "client_secret_post",
  },
  "the least there is": { redirect_uris: ["http://127.0.0.1:1/cb"] },
};

async function post(issuer: string, body: unknown): Promise<Response> {
  return await fetch(`${issuer}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

test("what real clients send is accepted, and gets tokens", () =>
  withServer({}, async (running) => {
    for (const [name, metadata] of Object.entries(REAL_CLIENTS)) {
      const response = await post(running.issuer, metadata);
      assertEquals(response.status, 201, name);
      assertEquals(response.headers.get("cache-control"), "no-store");
      const client = await response.json();
      assertMatch(client.client_id, /^dyn_[0-9a-f]{32}$/);
      assertEquals(client.redirect_uris, metadata["redirect_uris"]);
      assertEquals(client.grant_types, ["authorization_code", "refresh_token"]);
      for (const member of ["logo_uri", "scope", "registration_access_token", "jwks_uri"]) {
        assertEquals(client[member], undefined, `${name}: ${member}`);
      }
      for (const redirect_uri of metadata["redirect_uris"] as string[]) {
        const url = await approve(running, client.client_id, { redirect_uri });
        const tokens = await exchange(
          running,
          client.client_id,
          url.searchParams.get("code") ?? "",
          { redirect_uri, ...(client.client_secret && { client_secret: client.client_secret }) },
        );
        assertEquals(tokens.status, 200, `${name}: ${redirect_uri}`);
        await tokens.body?.cancel();
      }
    }
  }));

test("redirect URIs that run, leak or leave loopback are refused", () =>
  withServer({}, async ({ issuer, store }) => {
    for (
      const uri of [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://app.example.com/x",
        "view-source:https://app.example.com",
        "http://app.example.com/cb",
        "http://10.0.0.1/cb",
        "http://localhost.evil.example/cb",
        "http://localhost@evil.example/cb",
        "https://user:password@app.example.com/cb",
        "https://app.example.com/cb#fragment",
        "https://app.example.com\\@evil.example",
        "https://äpp.example/cb",
        "/callback",
        "",
        42,
        `https://app.example.com/${"x".repeat(2100)}`,
      ]
    ) {
      const response = await post(issuer, { redirect_uris: ["https://app.example.com/cb", uri] });
      assertEquals(response.status, 400, String(uri));
      assertEquals((await response.json()).error, "invalid_redirect_uri", String(uri));
    }
    for (
      const redirect_uris of [
        undefined,
        [],
        "https://app.example.com/cb",
        Array.from({ length: 21 }, (_, index) => `https://app.example.com/${index}`),
      ]
    ) assertEquals((await post(issuer, { redirect_uris })).status, 400);
    assertEquals(await store.authorizationState.count("Client"), 0);
  }));

test("claims to more than a dynamic client may have are refused or dropped", () =>
  withServer({}, async (running) => {
    const { issuer, store } = running;
    const redirect_uris = ["http://localhost:3334/oauth/callback"];
    for (
      const metadata of [
        { grant_types: ["client_credentials"] },
        { grant_types: ["authorization_code", "client_credentials"] },
        { grant_types: ["refresh_token"] },
        { jwks_uri: "http://169.254.169.254/keys" },
        { jwks_uri: "https://app.example.com/keys", token_endpoint_auth_method: "private_key_jwt" },
        { sector_identifier_uri: "https://app.example.com/sector" },
        { token_endpoint_auth_method: "client_secret_jwt" },
        { token_endpoint_auth_method: "tls_client_auth" },
        { client_name: 42 },
        { client_name: "x".repeat(101) },
        { padding: "x".repeat(70_000) },
        { redirect_uris: Array.from({ length: 19 }, () => `https://a.example/${"x".repeat(900)}`) },
      ]
    ) {
      const response = await post(issuer, { redirect_uris, ...metadata });
      assertEquals(response.status, 400, JSON.stringify(metadata).slice(0, 100));
      assertMatch(
        (await response.json()).error,
        /^invalid_(client_metadata|redirect_uri|request)$/,
      );
    }
    for (const body of ["[]", "null", "{", '"x"', ""]) {
      assertEquals((await post(issuer, body)).status, 400, body);
    }
    assertEquals(await store.authorizationState.count("Client"), 0);

    const client = await running.register({
      client_id: "m2m_chosen",
      client_secret: "chosen",
      registered_scopes: ["env:write"],
      default_acr_values: ["x"],
      default_max_age: 1,
      require_auth_time: true,
      subject_type: "pairwise",
    });
    assertMatch(String(client["client_id"]), /^dyn_/);
    assertEquals(client["client_secret"], undefined);
    assertEquals(client["registered_scopes"], undefined);
    assertEquals((await authorize(running, client["client_id"]))["scope"], "env:read");
  }));

test("an abandoned client ends after a day, a used one 30 days after its last use", async () => {
  let time = Date.now();
  const now = () => new Date(time);
  await withServer({ now }, async (running) => {
    const { client_id: abandoned } = await running.register();
    const { client_id: used } = await running.register();
    await authorize(running, used);
    const knows = async (id: unknown) => {
      const response = await new Browser(running.issuer).open(authorizeUrl(running.issuer, id));
      await response.body?.cancel();
      return response.status === 303;
    };
    time += DAY_MS - 60_000;
    assertEquals([await knows(abandoned), await knows(used)], [true, true]);
    time += 120_000;
    assertEquals([await knows(abandoned), await knows(used)], [false, true]);
    time += 29 * DAY_MS - 240_000;
    assertEquals(await knows(used), true);
    time += 240_000;
    assertEquals(await knows(used), false);
  });
});

test("registrations are bounded in number and in rate", () =>
  withServer({}, async ({ issuer, store }) => {
    const metadata = { redirect_uris: ["http://localhost:3334/oauth/callback"] };
    for (let index = 0; index < MAX_DYNAMIC_CLIENTS - 1; index += 1) {
      await store.authorizationState.put("Client", `dyn_${index}`, { payload: {} });
    }
    assertEquals((await post(issuer, metadata)).status, 201);
    const full = await post(issuer, metadata);
    assertEquals([full.status, full.headers.get("retry-after")], [429, "3600"]);
    assertEquals((await full.json()).error, "temporarily_unavailable");

    await store.authorizationState.remove("Client", "dyn_0");
    const statuses: number[] = [];
    for (let index = 0; index < 30; index += 1) {
      statuses.push((await post(issuer, metadata)).status);
      await store.authorizationState.remove("Client", `dyn_${index + 1}`);
    }
    assertEquals(statuses[0], 201);
    assertEquals(statuses.at(-1), 429);
  }));
