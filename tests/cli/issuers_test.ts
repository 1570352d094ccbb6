import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { postMessage } from "../../cli/mcp_client.ts";
import { freePort, startIssuer, startServer } from "../support/server.ts";
import type { RunningIssuer, RunningServer } from "../support/server.ts";
import { withFolder } from "./support.ts";

interface Scene {
  readonly server: RunningServer;
  /** Found through OpenID Connect discovery; signs as Okta does. */
  readonly a: RunningIssuer;
  /** Configured with its `jwks_uri`; signs as Scalekit does. */
  readonly b: RunningIssuer;
  /** Its metadata names issuer A and A's keys. */
  readonly c: RunningIssuer;
}

/** One server that trusts three issuers, all configured in one file. */
function withIssuers(work: (scene: Scene) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const port = await freePort();
    const resource = `http://localhost:${port}/mcp`;
    const metadata = (issuer: string) => ({ issuer, jwks_uri: `${issuer}/jwks` });
    const a = await startIssuer(resource, undefined, (origin) => ({
      "/.well-known/openid-configuration": metadata(origin),
    }));
    const b = await startIssuer("res_1");
    const c = await startIssuer(resource, undefined, () => ({
      "/.well-known/oauth-authorization-server": metadata(a.issuer),
    }));
    const file = join(folder, "config.json");
    await writeFile(
      file,
      JSON.stringify({
        issuers: [
          { issuer: a.issuer, profile: "okta" },
          { issuer: b.issuer, profile: "scalekit", jwksUri: b.jwksUri, audiences: ["res_1"] },
          { issuer: c.issuer, profile: "okta" },
        ],
      }),
    );
    const server = await startServer({
      env: { GATEHOUSE_CONFIG: file, GATEHOUSE_PORT: String(port) },
    });
    try {
      await work({ server, a, b, c });
    } finally {
      await server.stop();
      await Promise.all([a.stop(), b.stop(), c.stop()]);
    }
  });
}

const UNTYPED = { typ: undefined };
const asOkta = (scp: unknown) => ({
  client_id: undefined,
  scope: undefined,
  cid: "client-1",
  uid: "00u1",
  scp,
});
const asScalekit = (scopes: unknown) => ({ scope: undefined, sub: "client-1", scopes });

/** Calls a tool; returns the status and, where there is one, the reason that the server recorded. */
async function call(server: RunningServer, accessToken: string, name = "list_environments") {
  const { status, body } = await postMessage({
    url: server.app.resource,
    accessToken,
    method: "tools/call",
    name,
    params: { name, arguments: {} },
  });
  const { properties } = server.lines.findLast(({ message }) => message === "request")!;
  return { status, body, reason: properties["reason"] };
}

test("several issuers: each token is read by its own issuer's profile", () =>
  withIssuers(async ({ server, a, b }) => {
    const fromA = await a.token({ header: UNTYPED, claims: asOkta(["env:read"]) });
    const fromB = await b.token({ header: { typ: "JWT" }, claims: asScalekit(["env:read"]) });
    for (const token of [fromA, fromB]) assertEquals((await call(server, token)).status, 200);
    const refused = await call(server, fromB, "list_workspace_members");
    assertEquals([refused.status, refused.body["missing_scopes"]], [403, ["wks:read"]]);
    // Neither issuer may use the other's claims.
    const mixed = [
      await a.token({ header: UNTYPED, claims: { ...asOkta(undefined), scopes: ["env:read"] } }),
      await b.token({ header: { typ: "JWT" }, claims: { ...asScalekit(undefined), scp: ["a"] } }),
    ];
    for (const token of mixed) {
      const { status, reason } = await call(server, token);
      assertEquals([status, reason], [401, "scope_malformed"]);
    }
  }));

test("several issuers: one cannot speak for another, whatever key id it names (H055)", () =>
  withIssuers(async ({ server, a, b }) => {
    const claims = { ...asOkta(["env:read"]), iss: a.issuer, aud: server.app.resource };
    const forged = await b.token({ header: UNTYPED, claims });
    const posing = await b.token({ header: { ...UNTYPED, kid: a.kid }, claims });
    const outcomes = [];
    for (const token of [forged, posing]) {
      const { status, body, reason } = await call(server, token);
      outcomes.push([status, body["error"], reason]);
    }
    assertEquals(outcomes, [
      [401, "invalid_token", "kid_unknown"],
      [401, "invalid_token", "signature_mismatch"],
    ]);
    // Nor does A's audience count for B.
    const astray = await b.token({
      header: { typ: "JWT" },
      claims: { ...asScalekit(["env:read"]), aud: server.app.resource },
    });
    assertEquals((await call(server, astray)).reason, "aud_mismatch");
  }));

test("several issuers: metadata that names another issuer is not believed", () =>
  withIssuers(async ({ server, a, c }) => {
    // With A's key, which C's metadata points to.
    const posing = await c.token({
      key: a.privateKey,
      header: { ...UNTYPED, kid: a.kid },
      claims: asOkta(["env:read"]),
    });
    const { status, reason } = await call(server, posing);
    assertEquals([status, reason], [503, "keys_unavailable"]);
    assert(
      server.lines.some(({ level, properties }) =>
        level === "warning" && properties["issuer"] === c.issuer &&
        String(properties["cause"]).includes("names another issuer")
      ),
    );
    // Another issuer's trouble is not A's.
    const fromA = await a.token({ header: UNTYPED, claims: asOkta(["env:read"]) });
    assertEquals((await call(server, fromA)).status, 200);
  }));

test("several issuers: the metadata of the resource names all of them", () =>
  withIssuers(async ({ server, a, b, c }) => {
    const url = `${server.url}/.well-known/oauth-protected-resource/mcp`;
    const document = await (await fetch(url)).json();
    assertEquals(document.authorization_servers, [a.issuer, b.issuer, c.issuer]);
  }));
