import { test } from "node:test";
import { Server } from "@modelcontextprotocol/server";
import { z } from "zod";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { createDispatcher } from "../../http/mcp_dispatcher.ts";
import { defineTool } from "../../tools/registry.ts";
import type { ToolContext } from "../../tools/registry.ts";
import { createPipeline, legacyRequest, modernBody, modernRequest } from "../support/pipeline.ts";
import { startIssuer, startServer } from "../support/server.ts";

/** Every string that can be reached from a value, whatever holds it. */
function stringsIn(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object" || seen.has(value)) return [];
  seen.add(value);
  const members = Object.values(Object.getOwnPropertyDescriptors(value)).map((own) => own.value);
  const entries = value instanceof Map || value instanceof Set || value instanceof Headers
    ? [...value]
    : [];
  return [...members, ...entries].flatMap((member) => stringsIn(member, seen));
}

for (const era of ["modern", "legacy"]) {
  test(`token (${era}): a tool finds none of it, wherever it looks (R44, H192)`, async () => {
    let context: ToolContext | undefined;
    const probe = defineTool({
      name: "probe",
      title: "Probe",
      description: "A probe that keeps all that a tool gets to see, for a look at it.",
      effect: "read",
      scopes: ["org:read"],
      input: z.strictObject({}),
      output: z.object({}),
      handle(_input, given) {
        context = given;
        return Promise.resolve({});
      },
    });
    const pipeline = await createPipeline({ tools: [probe] });
    try {
      const token = await pipeline.issuer.token({ claims: { jti: "the-id" } });
      const call = { name: "probe", arguments: {} };
      const response = await pipeline.handler(
        era === "modern"
          ? modernRequest(token, { body: modernBody("probe", {}) })
          : legacyRequest(token, "tools/call", call),
        "::1",
      );
      assertEquals(response.status, 200);
      await response.body?.cancel();
      const strings = stringsIn(context);
      assert(strings.includes("the-id") && strings.includes("user-1"), "it did look");
      for (const part of token.split(".")) {
        assertFalse(strings.some((text) => text.includes(part)));
      }
    } finally {
      await pipeline.close();
    }
  });
}

test("token: the protocol side gets the request without any credential (R44)", async () => {
  let seen: Request | undefined;
  const mcp = createDispatcher(() => {
    const server = new Server({ name: "probe", version: "0" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", (_request, context) => {
      seen = context.http?.req;
      return { tools: [] };
    });
    return server;
  });
  const pipeline = await createPipeline({ deps: { mcp } });
  try {
    const request = legacyRequest(await pipeline.issuer.token(), "tools/list", {}, {
      headers: { "cookie": "a=b", "dpop": "x", "proxy-authorization": "x", "x-other": "kept" },
    });
    const response = await pipeline.handler(request, "::1");
    assertEquals(response.status, 200);
    await response.body?.cancel();
    assertEquals(seen?.headers.get("x-other"), "kept");
    for (const name of ["authorization", "cookie", "dpop", "proxy-authorization"]) {
      assertEquals(seen?.headers.get(name), null, name);
    }
  } finally {
    await mcp.close();
    await pipeline.close();
  }
});

test("token: none of it is in an answer, in a record or in the log (R44)", async () => {
  const issuer = await startIssuer("http://localhost:1/mcp");
  const server = await startServer({
    env: {
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      GATEHOUSE_AUDIENCE: "http://localhost:1/mcp",
    },
  });
  try {
    const tokens = [await issuer.token(), await issuer.token({ claims: { aud: "other" } })];
    for (const token of tokens) {
      for (const [name, input] of [["whoami", {}], ["invite_workspace_member", {}]] as const) {
        const response = await fetch(`${server.url}/mcp`, {
          method: "POST",
          headers: {
            "authorization": `Bearer ${token}`,
            "content-type": "application/json",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": name,
          },
          body: JSON.stringify(modernBody(name, input)),
        });
        const answer = await response.text();
        for (const part of token.split(".")) assertFalse(answer.includes(part), name);
      }
    }
    assertEquals(server.lines.filter(({ message }) => message === "request").length, 4);
    const log = JSON.stringify(server.lines);
    for (const part of tokens.flatMap((token) => token.split("."))) assertFalse(log.includes(part));
    assert(log.includes("user-1"), "the caller is in it");
  } finally {
    await server.stop();
    await issuer.stop();
  }
});
