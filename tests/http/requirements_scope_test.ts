import { test } from "node:test";
import { z } from "zod";
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/client";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { AppError } from "../../errors.ts";
import { tools } from "../../tools/mod.ts";
import { createRegistry, defineTool } from "../../tools/registry.ts";
import type { AnyToolDefinition } from "../../tools/registry.ts";
import {
  createPipeline,
  legacyRequest,
  MODERN_META,
  modernBody,
  modernRequest,
  readAnswer,
} from "../support/pipeline.ts";
import type { Pipeline, PipelineOptions } from "../support/pipeline.ts";

type Json = Record<string, unknown>;

async function withPipeline(
  work: (pipeline: Pipeline) => Promise<void>,
  options: PipelineOptions = {},
): Promise<void> {
  const pipeline = await createPipeline(options);
  try {
    await work(pipeline);
  } finally {
    await pipeline.close();
  }
}

const METADATA = "http://localhost:8000/.well-known/oauth-protected-resource/mcp";
const ERAS = ["modern", "legacy"] as const;
type Era = typeof ERAS[number];

/** A tool call in either era. */
function callRequest(era: Era, token: string | undefined, name: string, meta: Json = {}): Request {
  return era === "modern"
    ? modernRequest(token, { body: modernBody(name, {}, meta) })
    : legacyRequest(token, "tools/call", { name, arguments: {}, _meta: meta });
}

/** A tool whose handler is the test's. */
function probe(handle: AnyToolDefinition["handle"]): AnyToolDefinition {
  return defineTool({
    name: "probe",
    title: "Probe",
    description: "A probe of the tests about scopes; it does what the test wants of it.",
    effect: "read",
    scopes: ["org:read"],
    input: z.strictObject({}),
    output: z.object({}),
    handle,
  });
}

test("scopes: the challenge names what the operation needs, in both eras, whatever was granted (R45-R47)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    for (const era of ERAS) {
      for (const scope of ["", "wks:read", "env:read", "org:read env:write", "org:write"]) {
        const token = await issuer.token({ claims: { scope } });
        const response = await handler(callRequest(era, token, "purge"), "::1");
        const body = await response.json();
        const { error, scope: asked } = extractWWWAuthenticateParams(response);
        assertEquals([response.status, error], [403, "insufficient_scope"]);
        assertEquals(response.headers.get("content-type")!.split(";")[0], "application/json");
        assertEquals([asked, body.scope], ["org:write env:read", "org:write env:read"]);
        assert(body.missing_scopes.length > 0);
        assertFalse(body.missing_scopes.some((name: string) => scope.split(" ").includes(name)));
      }
    }
    assertEquals(runs.size, 0);
  }));

for (const era of ERAS) {
  test(`scopes (${era}): a tool's own refusal is a result, never a challenge (R51)`, () => {
    let thrown: unknown;
    const tool = probe(() => Promise.reject(thrown));
    return withPipeline(async ({ handler, issuer }) => {
      for (
        const code of [
          "forbidden",
          "not_found",
          "conflict",
          "invalid_token",
          "unauthorized",
          "rate_limited",
          "unavailable",
        ] as const
      ) {
        thrown = new AppError(code, "That is not yours");
        const response = await handler(callRequest(era, await issuer.token(), "probe"), "::1");
        assertEquals([response.status, response.headers.get("www-authenticate")], [200, null]);
        const { result } = await readAnswer(response) as { result: Json };
        assertEquals(result["isError"], true);
        const [{ text }] = result["content"] as [{ text: string }];
        assertEquals(JSON.parse(text).error.code, code);
        assertFalse(JSON.stringify(result).includes("www_authenticate"));
      }
    }, { tools: [tool] });
  });

  test(`scopes (${era}): what turns out to be missing later is told in the result (R55)`, () => {
    const tool = probe(async (_input, context) => {
      await context.progress({ progress: 1 });
      throw new AppError("insufficient_scope", "That environment needs env:write", {
        details: { required_scopes: ["env:write"], missing_scopes: ["env:write"] },
      });
    });
    return withPipeline(async ({ handler, issuer, records }) => {
      const request = callRequest(era, await issuer.token(), "probe", { progressToken: "p" });
      const response = await handler(request, "::1");
      assertEquals(response.status, 200);
      assertEquals(response.headers.get("content-type"), "text/event-stream");
      const { result } = await readAnswer(response) as { result: Json };
      const [{ text }] = result["content"] as [{ text: string }];
      const { error } = JSON.parse(text);
      assertEquals([result["isError"], error.code], [true, "insufficient_scope"]);
      assertEquals([error.required_scopes, error.missing_scopes], [["env:write"], ["env:write"]]);
      assertEquals(records.at(-1)!.reason, "insufficient_scope");
      // What an HTTP client would read from the header, all that the call needs included.
      const [challenge] = (result["_meta"] as Json)["mcp/www_authenticate"] as [string];
      const header = new Response(null, {
        status: 403,
        headers: { "www-authenticate": challenge },
      });
      const { error: code, scope, resourceMetadataUrl } = extractWWWAuthenticateParams(header);
      assertEquals([code, scope], ["insufficient_scope", "org:read env:write"]);
      assertEquals(resourceMetadataUrl?.href, METADATA);
    }, { tools: [tool] });
  });

  test(`scopes (${era}): a tool's words cannot say more in a challenge than a description (R55)`, () => {
    const message = 'Not "yours"\\", scope="admin\r\nx: y, für dich';
    const tool = probe(() =>
      Promise.reject(
        new AppError("insufficient_scope", message, {
          details: { required_scopes: ['x", y="z', "org:fly"] },
        }),
      )
    );
    return withPipeline(async ({ handler, issuer }) => {
      const response = await handler(callRequest(era, await issuer.token(), "probe"), "::1");
      const { result } = await readAnswer(response) as { result: Json };
      assertEquals((result["_meta"] as Json)["mcp/www_authenticate"], [
        `Bearer error="insufficient_scope", ` +
        `error_description="Not 'yours''', scope='admin''x: y, f'r dich", ` +
        `scope="org:read", resource_metadata="${METADATA}"`,
      ]);
    }, { tools: [tool] });
  });
}

test("scopes: a refusal of a call comes before the first byte of a stream (R55)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    for (const era of ERAS) {
      const request = callRequest(era, await issuer.token(), "purge", { progressToken: "p" });
      const response = await handler(request, "::1");
      assertEquals(response.status, 403);
      assertEquals((await response.json()).error, "insufficient_scope");
    }
    assertEquals(runs.size, 0);
  }));

test("scopes: no challenge of the shipped server asks for what is unknown, or for everything (R52)", () => {
  const policy = createScopePolicy();
  const registry = createRegistry(tools, policy);
  const whole = policy.definitions.size;
  return withPipeline(async ({ handler, issuer }) => {
    const tokens = [
      undefined,
      "nonsense",
      await issuer.token({ claims: { scope: "" } }),
      await issuer.token({ claims: { scope: "everything org:read * admin" } }),
      await issuer.token({ claims: { sub: "client-1", scope: "wks:read" } }),
    ];
    let challenges = 0;
    for (const name of [...registry.tools.map((tool) => tool.name), "nope"]) {
      for (const token of tokens) {
        const response = await handler(callRequest("modern", token, name), "::1");
        await response.body?.cancel();
        if (response.status === 200) continue;
        challenges += 1;
        const asked = extractWWWAuthenticateParams(response).scope!.split(" ");
        const needed = registry.get(name)?.scopes ?? [];
        assertEquals(asked, needed.length > 0 ? needed : policy.baseline, name);
        assert(asked.every((scope) => policy.definitions.has(scope)));
        assert(asked.length < whole);
      }
    }
    assert(challenges >= 2 * registry.tools.length, String(challenges));
  }, { tools });
});

test("scopes: a refusal is recorded with who, what and the id that the caller has (R53)", () =>
  withPipeline(async ({ handler, issuer, records }) => {
    const token = await issuer.token({ claims: { sub: "user-7", client_id: "client-7" } });
    const response = await handler(callRequest("modern", token, "purge"), "10.0.0.7");
    const { request_id } = await response.json();
    const [record] = records;
    assertEquals(records.length, 1);
    assertEquals(
      [record!.event, record!.decision, record!.outcome!.status, record!.reason, record!.tool],
      ["tool.call", "deny", 403, "insufficient_scope", { name: "purge", effect: "update" }],
    );
    const { tokenId: _, ...caller } = record!.principal!;
    assertEquals(caller, {
      issuer: issuer.issuer,
      kind: "user",
      subject: "user-7",
      clientId: "client-7",
    });
    assertEquals([record!.request!.id, record!.request!.peer], [request_id, "10.0.0.7"]);
    assertEquals(record!.scopes, {
      required: ["org:write", "env:read"],
      granted: record!.scopes!.granted,
      missing: record!.scopes!.missing,
    });
    assert(record!.scopes!.missing.includes("org:write"));
  }));

/** The tool names of a list, in its order. */
async function listed(handler: Pipeline["handler"], token: string, era: Era): Promise<string[]> {
  const request = era === "modern"
    ? modernRequest(token, {
      body: { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: MODERN_META } },
    })
    : legacyRequest(token, "tools/list", {});
  const { result } = await readAnswer(await handler(request, "::1")) as {
    result: { tools: { name: string }[] };
  };
  return result.tools.map(({ name }) => name);
}

test("lists: what came before on the same token changes nothing (R57)", () =>
  withPipeline(async ({ handler, issuer }) => {
    for (const era of ERAS) {
      const token = await issuer.token({ claims: { sub: "client-1" } });
      const other = await issuer.token({ claims: { scope: "org:write env:write wks:write" } });
      const before = await listed(handler, token, era);
      assertEquals(before, before.toSorted());
      for (const request of [callRequest(era, token, "purge"), callRequest(era, other, "purge")]) {
        await (await handler(request, "::1")).body?.cancel();
      }
      await listed(handler, other, era);
      assertEquals(await listed(handler, token, era), before);
    }
  }));

test("lists: a tool that was left out is refused when it is called, with the way to it (R59)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    for (const era of ERAS) {
      const token = await issuer.token({ claims: { sub: "client-1" } });
      assertFalse((await listed(handler, token, era)).includes("purge"));
      const response = await handler(callRequest(era, token, "purge"), "::1");
      const body = await response.json();
      assertEquals([response.status, body.error], [403, "insufficient_scope"]);
      assertEquals(body.required_scopes, ["org:write", "env:read"]);
    }
    assertEquals(runs.size, 0);
  }));

test("lists: they say for how long and for whom they hold, the filtered ones for one caller (R58, R60)", async () => {
  for (const visibility of ["all", "auto", "granted"] as const) {
    await withPipeline(async ({ handler, issuer }) => {
      const ask = async (method: string) => {
        const body = { jsonrpc: "2.0", id: 1, method, params: { _meta: MODERN_META } };
        const response = await handler(modernRequest(await issuer.token(), { body }), "::1");
        return (await readAnswer(response))["result"] as { ttlMs: number; cacheScope: string };
      };
      const tools = await ask("tools/list");
      assertEquals(tools.cacheScope, visibility === "all" ? "public" : "private");
      assert(tools.ttlMs >= 0 && tools.ttlMs <= 60_000);
      const discovered = await ask("server/discover");
      assertEquals(discovered.cacheScope, "public");
      assert(discovered.ttlMs >= 0);
    }, { visibility });
  }
});
