import { test } from "node:test";
import { assert, assertEquals, assertExists } from "@std/assert";
import { modernBody } from "../support/pipeline.ts";
import { boundaryCells, cellsOf, entryOf, partsOf } from "./generators_jwt_matrix.ts";
import { withScene } from "./generators_scene.ts";

/** On a busy machine it takes longer than the five seconds that Bun gives a test. */
const SLOW = { timeout: 30_000 };

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

test(
  "the server answers each header field and claim of the matrix as documented, and every refusal alike",
  SLOW,
  () => {
    // A clock that stands still keeps the boundaries where they are.
    const now = new Date();
    return withScene({ alg: "ES256", now: () => now }, async ({ server, forge, url, strayed }) => {
      const cells = [...cellsOf(forge), ...boundaryCells(forge)];
      const entries = cells.flatMap((cell) => [
        entryOf([cell], "right key"),
        entryOf([cell], "wrong key"),
      ]);
      for (const entry of [...entries, entryOf([], "right key")]) {
        const name = entry.changes.join(", ");
        const { status, challenge, body } = await call(url, forge.token(partsOf(entry)));
        if (entry.accepted) {
          assertEquals(status, 200, name);
          assertExists(body.result?.structuredContent?.clientId, name);
          continue;
        }
        const resource_metadata = url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
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
      assertEquals(strayed, [], "a header field led somewhere");
      assertEquals(server.lines.length, entries.length + 1);
      assert(
        server.lines.every(({ message, properties }) =>
          message === "request" && !JSON.stringify(properties).includes("eyJ")
        ),
      );
    });
  },
);
