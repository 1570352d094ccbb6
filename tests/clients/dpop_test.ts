import { test } from "node:test";
import {
  Client,
  ClientCredentialsProvider,
  DpopSession,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { decodeJwt } from "jose";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { decisionsOn, withEmbedded } from "./scene.ts";
import type { Credentials } from "./scene.ts";

/** The v2 client with a key of its own. */
class BoundClient extends ClientCredentialsProvider {
  readonly #session = DpopSession.create();

  dpop() {
    return this.#session;
  }
}

function providerFor<T extends ClientCredentialsProvider>(
  kind: new (options: ConstructorParameters<typeof ClientCredentialsProvider>[0]) => T,
  { client_id, client_secret }: Credentials,
  expectedIssuer: string,
): T {
  return new kind({ clientId: client_id, clientSecret: client_secret, expectedIssuer });
}

async function whoami(url: string, authProvider: ClientCredentialsProvider) {
  const client = new Client({ name: "test", version: "1" }, {
    versionNegotiation: { mode: "auto" },
  });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
    return (await client.callTool({ name: "whoami", arguments: {} })).structuredContent as {
      clientId: string;
    };
  } finally {
    await client.close();
  }
}

/** Posts a bare request and tells status and challenge. */
async function post(url: string, headers: Record<string, string>) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: "{}",
  });
  await response.body?.cancel();
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate") ?? "",
    nonce: response.headers.get("dpop-nonce"),
  };
}

for (const dpopNonce of [false, true]) {
  const name = dpopNonce ? "with a nonce" : "without a nonce";
  test(`the v2 client's bound token opens the server ${name}, and only with its key (H198-H200, H212)`, () =>
    withEmbedded(async ({ url, issuer, server, addClient }) => {
      const credentials = await addClient("bound", "env:read org:read");
      const provider = providerFor(BoundClient, credentials, issuer);
      assertEquals((await whoami(url, provider)).clientId, credentials.client_id);
      assertEquals(decisionsOn(server, "whoami"), ["200 ok"]);

      const tokens = (await provider.tokens())!;
      assertEquals(tokens.token_type.toLowerCase(), "dpop");
      assert((decodeJwt(tokens.access_token)["cnf"] as { jkt: string }).jkt);
      const asBearer = await post(url, { authorization: `Bearer ${tokens.access_token}` });
      assertEquals(asBearer.status, 401);
      assertMatch(asBearer.challenge, /^Bearer error="invalid_token".*, DPoP algs="ES256 EdDSA/);
      const without = await post(url, { authorization: `DPoP ${tokens.access_token}` });
      assertEquals(without.status, 401);
      assertMatch(without.challenge, /^Bearer .*, DPoP error="invalid_dpop_proof"/);
      assertEquals(decisionsOn(server, "whoami"), ["200 ok"], "the tool did not run again");

      const metadata = await (await fetch(
        url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp"),
      )).json();
      assertEquals(metadata.dpop_signing_alg_values_supported, ["ES256", "EdDSA", "Ed25519"]);
      assertEquals(metadata.dpop_bound_access_tokens_required, true);
    }, { authorizationServer: { dpop: "required", dpopNonce } }));
}

test("a bearer token is no use where bound tokens are required (R41)", () =>
  withEmbedded(async ({ url, issuer, addClient }) => {
    const credentials = await addClient("bearer", "env:read");
    await assertRejects(() =>
      whoami(url, providerFor(ClientCredentialsProvider, credentials, issuer))
    );
  }, { authorizationServer: { dpop: "required" } }));

test("both kinds of token work where bound tokens are optional, each under its own scheme (H201)", () =>
  withEmbedded(async ({ url, issuer, addClient }) => {
    const credentials = await addClient("both", "env:read");
    const bearer = providerFor(ClientCredentialsProvider, credentials, issuer);
    assertEquals((await whoami(url, bearer)).clientId, credentials.client_id);
    const bound = providerFor(BoundClient, credentials, issuer);
    assertEquals((await whoami(url, bound)).clientId, credentials.client_id);
    const { access_token } = (await bearer.tokens())!;
    const crossed = await post(url, { authorization: `DPoP ${access_token}` });
    assertEquals(crossed.status, 401);
    assertMatch(crossed.challenge, /^Bearer error="invalid_token"/);
  }, { authorizationServer: { dpop: "optional" } }));
