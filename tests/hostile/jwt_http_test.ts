import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { freePort, startServer } from "../support/server.ts";
import { modernBody } from "../support/pipeline.ts";
import { boundaryCells, cellsOf, entryOf, partsOf } from "./generators_jwt_matrix.ts";
import type { MatrixEntry } from "./generators_jwt_matrix.ts";
import { createForge } from "./generators_tokens.ts";

/** A web server that gives out the keys at /jwks and counts whoever asks for anything else. */
async function keyServer(jwks: () => unknown) {
  const foreign: string[] = [];
  const http = createServer((request, response) => {
    if (request.url !== "/jwks") foreign.push(String(request.url));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(jwks()));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    foreign,
    stop: () =>
      new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

async function call(url: string, token: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "whoami",
    },
    body: JSON.stringify(modernBody("whoami", {})),
  });
  const body = await response.json();
  return { status: response.status, challenge: response.headers.get("www-authenticate"), body };
}

test("the server answers each header field and claim of the matrix as documented, and every refusal alike", async () => {
  const port = await freePort();
  const keys = await keyServer(() => forge.jwks);
  // A clock that stands still keeps the boundaries where they are.
  const now = new Date();
  const forge = createForge({
    issuer: keys.url,
    audience: `http://localhost:${port}/mcp`,
    alg: "ES256",
    foreignUrl: `${keys.url}/foreign`,
    now: () => Math.floor(now.getTime() / 1000),
  });
  const server = await startServer({
    env: {
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER: keys.url,
      GATEHOUSE_JWKS_URI: `${keys.url}/jwks`,
    },
    app: { now: () => now },
  });
  try {
    const entries: MatrixEntry[] = [...cellsOf(forge), ...boundaryCells(forge)]
      .flatMap((cell) => [entryOf([cell], "right key"), entryOf([cell], "wrong key")]);
    let accepted = 0;
    for (const entry of [...entries, entryOf([], "right key")]) {
      const name = entry.changes.join(", ");
      const { status, challenge, body } = await call(forge.audience, forge.token(partsOf(entry)));
      if (entry.accepted) {
        accepted += 1;
        assertEquals(
          [status, body.result?.structuredContent?.clientId !== undefined],
          [200, true],
          name,
        );
        continue;
      }
      const resource_metadata = `http://localhost:${port}/.well-known/oauth-protected-resource/mcp`;
      const description = "The access token is invalid or expired";
      assertEquals([status, { ...body, request_id: "" }], [401, {
        error: "invalid_token",
        error_description: description,
        resource_metadata,
        request_id: "",
      }], name);
      assertEquals(
        challenge,
        `Bearer error="invalid_token", error_description="${description}", ` +
          `scope="env:read org:read wks:read", resource_metadata="${resource_metadata}"`,
        name,
      );
    }
    assertEquals(accepted, entries.filter((entry) => entry.accepted).length + 1);
    assertEquals(keys.foreign, [], "a header field led somewhere");
    assert(
      server.lines.every(({ message, properties }) =>
        message === "request" && !JSON.stringify(properties).includes("eyJ")
      ),
    );
  } finally {
    await server.stop();
    await keys.stop();
  }
});
