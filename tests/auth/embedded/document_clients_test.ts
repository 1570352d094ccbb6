/** Clients named by a metadata document: what is fetched from where, and what of it counts (H257, H258). */

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { isPublicAddress } from "../../../auth/addresses.ts";
import { createPublicFetch, receive } from "../../../auth/embedded/public_fetch.ts";
import { approve, authorizeUrl, Browser, exchange, openPage, withServer } from "./support.ts";

const DOCUMENT = "https://app.example.com/oauth/client.json";
const METADATA = {
  client_id: DOCUMENT,
  client_name: "Example App",
  client_uri: "https://app.example.com",
  redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "none",
};

/** Serves documents from memory and remembers what was asked for. */
function documents(known: Record<string, unknown>) {
  const asked: string[] = [];
  return {
    asked,
    fetchDocument(url: string): Promise<Response> {
      asked.push(url);
      const body = known[url];
      return Promise.resolve(
        body === undefined
          ? new Response(null, { status: 502 })
          : new Response(JSON.stringify(body)),
      );
    },
  };
}

test("a client with a metadata document gets tokens, on any loopback port", () => {
  const { asked, fetchDocument } = documents({ [DOCUMENT]: METADATA });
  return withServer({ fetchDocument }, async (running) => {
    const redirect_uri = "http://localhost:51234/callback";
    const url = await approve(running, DOCUMENT, { redirect_uri });
    assertEquals(url.href.split("?")[0], redirect_uri);
    const code = url.searchParams.get("code") ?? "";
    const response = await exchange(running, DOCUMENT, code, { redirect_uri });
    assertEquals(response.status, 200);
    const body = await response.json();
    assertEquals((await running.verify(body.access_token)).payload["client_id"], DOCUMENT);
    assertEquals(typeof body.refresh_token, "string");
    assertEquals(asked, [DOCUMENT]);
    assertEquals(await running.store.authorizationState.count("Client"), 0);
  });
});

test("the consent page shows who publishes the document, and warns of a local redirect", () => {
  const { fetchDocument } = documents({ [DOCUMENT]: METADATA });
  return withServer({ fetchDocument }, async ({ issuer }) => {
    const url = authorizeUrl(issuer, DOCUMENT, { redirect_uri: "http://localhost:51234/callback" });
    const { text } = await openPage(new Browser(issuer), url);
    assertStringIncludes(text, "published by <strong>app.example.com</strong>");
    assertStringIncludes(text, "localhost:51234");
    assertStringIncludes(text, "a program on this computer");
  });
});

test("a document is for authorization alone", () => {
  const { fetchDocument } = documents({
    [DOCUMENT]: {
      ...METADATA,
      grant_types: ["authorization_code", "client_credentials"],
      registered_scopes: ["env:write"],
    },
  });
  return withServer({ fetchDocument }, async ({ post }) => {
    const response = await post("/token", {
      grant_type: "client_credentials",
      client_id: DOCUMENT,
    });
    assertEquals([response.status, (await response.json()).error], [400, "unauthorized_client"]);
  });
});

test("an unsound document or address is refused on a page of ours", () => {
  const at = (path: string) => `https://app.example.com/${path}`;
  const { asked, fetchDocument } = documents({
    [at("other")]: METADATA,
    [at("array")]: [],
    [at("secret")]: { ...METADATA, client_id: at("secret"), client_secret: "x" },
    [at("basic")]: {
      ...METADATA,
      client_id: at("basic"),
      token_endpoint_auth_method: "client_secret_basic",
    },
    [at("script")]: {
      ...METADATA,
      client_id: at("script"),
      redirect_uris: ["javascript:alert(1)", "http://localhost/callback"],
    },
    [at("sector")]: {
      ...METADATA,
      client_id: at("sector"),
      sector_identifier_uri: "https://169.254.169.254/",
    },
    [at("keys")]: {
      ...METADATA,
      client_id: at("keys"),
      token_endpoint_auth_method: "private_key_jwt",
      jwks_uri: "https://internal.example/keys",
    },
    [at("long")]: { ...METADATA, client_id: at("long"), client_name: "x".repeat(101) },
  });
  return withServer({ fetchDocument }, async ({ issuer }) => {
    const refused = async (id: string) => {
      const url = authorizeUrl(issuer, id, { redirect_uri: "http://localhost/callback" });
      const response = await new Browser(issuer).open(url);
      assertEquals(response.status, 400, id);
      assertEquals(response.headers.get("location"), null, id);
      assertMatch(await response.text(), /This did not work/);
    };
    for (
      const path of [
        ...["other", "array", "secret", "basic", "script", "sector", "keys", "long", "missing"],
      ]
    ) await refused(at(path));
    assert(asked.length > 0);
    assert(asked.every((url) => url.startsWith("https://app.example.com/")));
    const before = asked.length;
    for (
      const id of [
        "http://app.example.com/client.json",
        "https://user@app.example.com/client.json",
        "https://app.example.com/a/../client.json",
        "https://app.example.com/client.json#x",
        "https:app.example.com",
      ]
    ) await refused(id);
    assertEquals(asked.length, before);
  });
});

test("only public https addresses on the standard port are fetched", async () => {
  const resolved: string[] = [];
  const answers: Record<string, readonly string[]> = {
    "private.example": ["10.0.0.8"],
    "mixed.example": ["93.184.215.14", "127.0.0.1"],
    "link.example": ["169.254.169.254"],
    "six.example": ["fd00::1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "localhost": ["127.0.0.1", "::1"],
    "nowhere.example": [],
  };
  const fetchDocument = createPublicFetch({
    resolve(hostname) {
      resolved.push(hostname);
      return Promise.resolve(answers[hostname] ?? []);
    },
  });
  for (const hostname of Object.keys(answers)) {
    await assertRejects(
      () => fetchDocument(`https://${hostname}/c.json`),
      Error,
      "allowed addresses",
    );
  }
  assertEquals(resolved, Object.keys(answers));
  for (
    const url of [
      "http://app.example.com/c.json",
      "https://app.example.com:8443/c.json",
      "https://user:password@app.example.com/c.json",
      "https://127.0.0.1/c.json",
      "https://[::1]/c.json",
      "https://2130706433/c.json",
      "https://0x7f.1/c.json",
      "https://169.254.169.254/latest/meta-data",
    ]
  ) await assertRejects(() => fetchDocument(url), Error, "fetched");
  assertEquals(resolved.length, Object.keys(answers).length);
});

test("isPublicAddress() knows the special-purpose ranges", () => {
  for (
    const address of [
      ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1"],
      ...["172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"],
      ...["203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
      ...[
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "fc00::1",
        "fe80::1",
      ],
      ...["fe80::1%eth0", "ff02::1", "2001::1", "2001:db8::1", "2002:a00:1::", "3fff::1", "100::1"],
      ...["", "localhost", "8.8.8", "8.8.8.8.8"],
    ]
  ) assert(!isPublicAddress(address), address);
  for (
    const address of [
      ...["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255"],
      ...["2606:4700:4700::1111", "2a00:1450:4001::200e", "2400:cb00::1"],
    ]
  ) assert(isPublicAddress(address), address);
});

test("receive() reads a whole small document and nothing else", async () => {
  const server = createServer(({ url }, response) => {
    if (url === "/redirect") response.writeHead(302, { location: "http://127.0.0.1/document" });
    if (url === "/large") response.write("x".repeat(20_000));
    if (url === "/cut") {
      response.writeHead(200, { "content-length": "100" });
      return void response.write("x", () => response.destroy());
    }
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const get = (path: string) => receive(request({ host: "127.0.0.1", port, path, agent: false }));
  try {
    const document = await get("/document");
    assertEquals([document.status, await document.text()], [200, "{}"]);
    const redirect = await get("/redirect");
    assertEquals([redirect.status, await redirect.text()], [502, ""]);
    await assertRejects(() => get("/large"), Error, "too large");
    await assertRejects(() => get("/cut"));
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
