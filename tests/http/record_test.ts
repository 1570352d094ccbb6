/** What the pipeline records of a call, and what it does where it cannot. */

import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { AppError } from "../../errors.ts";
import { openExchange } from "../../http/exchange.ts";
import { eventOf, noteUpstream } from "../../http/record.ts";
import { listing } from "../../http/tool_views.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
import { createRegistry } from "../../tools/registry.ts";
import { upstreamTools } from "../support/upstream_tools.ts";
import { defineTool } from "../../tools/registry.ts";
import {
  createPipeline,
  legacyRequest,
  modernBody,
  modernRequest,
  readAnswer,
} from "../support/pipeline.ts";
import type { PipelineOptions } from "../support/pipeline.ts";

function probes(ran: string[]) {
  const common = {
    title: "Probe",
    description: "A probe that says that it ran, for tests of what is recorded of a call.",
    scopes: ["org:write"] as const,
    input: z.strictObject({ organizationId: z.string(), note: z.string() }),
    output: z.object({ done: z.boolean() }),
    audit: { clear: ["organizationId"] as const },
  };
  const handle = (name: string) => () => {
    ran.push(name);
    return Promise.resolve({ done: true });
  };
  return [
    defineTool({ ...common, name: "look", effect: "read", handle: handle("look") }),
    defineTool({
      ...common,
      name: "change",
      effect: "update",
      timeoutMs: 50,
      handle: handle("change"),
    }),
  ];
}

async function withProbes(
  run: (pipeline: Awaited<ReturnType<typeof createPipeline>>, ran: string[]) => Promise<void>,
  options: PipelineOptions = {},
): Promise<void> {
  const ran: string[] = [];
  const pipeline = await createPipeline({ ...options, tools: probes(ran) });
  try {
    await run(pipeline, ran);
  } finally {
    await pipeline.close();
  }
}

const INPUT = { organizationId: "org_1", note: "canary-argument" };
const writer = { claims: { scope: "org:write" } };

test("a call with an effect leaves an intent and an outcome, a reading one an outcome alone", () =>
  withProbes(async ({ handler, issuer, records }, ran) => {
    for (const name of ["look", "change"]) {
      const request = modernRequest(await issuer.token(writer), { body: modernBody(name, INPUT) });
      assertEquals((await handler(request, "10.0.0.7")).status, 200);
    }
    assertEquals(ran, ["look", "change"]);
    assertEquals(
      records.map(({ event, tool, reason }) => [event, tool?.name, reason]),
      [["tool.call", "look", "ok"], ["tool.intent", "change", "intent"], [
        "tool.call",
        "change",
        "ok",
      ]],
    );
    const [, intent, outcome] = records;
    assertEquals(intent!.request!.id, outcome!.request!.id);
    assertEquals(intent!.input, outcome!.input);
    assertEquals(outcome!.outcome!.isError, false);
  }));

test("a record has no token and no argument but what its tool lets be recorded (H232)", () =>
  withProbes(async ({ handler, issuer, records }) => {
    const token = await issuer.token({ claims: { scope: "org:write", jti: "canary-jti" } });
    for (const input of [INPUT, { ...INPUT, organizationId: "x".repeat(300) }, { note: 7 }]) {
      await handler(modernRequest(token, { body: modernBody("change", input) }), "10.0.0.7");
    }
    const text = JSON.stringify(records);
    for (const secret of [token, token.split(".")[2]!, "canary-argument", "canary-jti", "xxx"]) {
      assertFalse(text.includes(secret), secret);
    }
    assertEquals(records.at(-1)!.reason, "invalid_input");
    const [first, , second] = records;
    assertEquals(first!.input!.clear, { organizationId: "org_1" });
    assert(first!.input!.fingerprint !== second!.input!.fingerprint);
  }));

test("a trail that cannot be written stops every call before its tool (H231)", async () => {
  const refused: string[] = [];
  await withProbes(async ({ handler, issuer }, ran) => {
    for (const name of ["look", "change"]) {
      const request = modernRequest(await issuer.token(writer), { body: modernBody(name, INPUT) });
      const response = await handler(request, "10.0.0.7");
      assertEquals(response.status, 503);
      assertEquals(response.headers.get("retry-after"), "5");
      assertEquals((await response.json()).error, "temporarily_unavailable");
    }
    assertEquals(ran, []);
    assertEquals(refused, ["audit_unavailable", "audit_unavailable"]);
  }, {
    deps: {
      audit: {
        writable: false,
        fingerprint: () => "",
        record: ({ reason }) => void refused.push(reason),
      },
    },
  });
});

test("a tool whose intent cannot be made durable does not run (H231)", () =>
  withProbes(async ({ handler, issuer, records, audit }, ran) => {
    const commit = () =>
      Promise.reject(new AppError("unavailable", "Later", { reason: "audit_unavailable" }));
    Object.assign(audit, { commit });
    const request = modernRequest(await issuer.token(writer), {
      body: modernBody("change", INPUT),
    });
    const { result } = await readAnswer(await handler(request, "10.0.0.7")) as {
      result: { isError: boolean; content: { text: string }[] };
    };
    assertEquals(result.isError, true);
    assertEquals(JSON.parse(result.content[0]!.text).error.code, "unavailable");
    assertEquals(ran, []);
    assertEquals([records.at(-1)!.reason, records.at(-1)!.decision], ["audit_unavailable", "fail"]);
  }));

test("a call whose access or time ends while its intent is written does not run, and its outcome says why (R42, H223)", async () => {
  for (const [event, ending] of [["revoked", "client_revoked"], ["late", "timeout"]] as const) {
    await withProbes(async ({ handler, issuer, records, audit, revocations }, ran) => {
      let written = () => {};
      const commit = async () => {
        const writing = new Promise<void>((resolve) => (written = resolve));
        if (event === "revoked") {
          await revocations.add({
            target: { kind: "client", issuer: issuer.issuer, clientId: "client-1" },
            reason: "a test",
            actor: "cli",
          });
        }
        await writing;
      };
      Object.assign(audit, { commit });
      const body = modernBody("change", INPUT);
      const request = modernRequest(await issuer.token(writer), { body });
      const response = await handler(request, "10.0.0.7");
      assertEquals(response.status, event === "revoked" ? 401 : 200);
      assertFalse((await response.text()).includes('"done"'));
      written();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assertEquals(ran, []);
      assertEquals(records.map(({ event, reason }) => [event, reason]), [
        ["tool.intent", "intent"],
        ["tool.call", ending],
      ]);
      assert(records[1]!.decision !== "allow");
    });
  }
});

test("a path or a method of a stranger's choice is not on record, whatever it holds (H232)", () =>
  withProbes(async ({ handler, issuer, records }) => {
    const token = await issuer.token(writer);
    const secret = "canary-secret";
    const { params } = modernBody("look", INPUT) as { params: object };
    const body = { jsonrpc: "2.0", id: 1, method: secret, params };
    for (
      const request of [
        modernRequest(token, { path: `/${secret}` }),
        modernRequest(undefined, { path: `/${secret}`, method: "GET" }),
        modernRequest(undefined, { path: `/mcp/${secret}` }),
        modernRequest(token, { path: `/mcp?access_token=${secret}` }),
        modernRequest(token, { path: `/${secret}`, headers: { host: "elsewhere.example" } }),
        modernRequest(token, { method: secret.toUpperCase() }),
        modernRequest(token, { body }),
        legacyRequest(token, secret, {}),
      ]
    ) {
      const response = await handler(request, "10.0.0.7");
      await response.body?.cancel();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(records.length, 8);
    assertFalse(JSON.stringify(records).toLowerCase().includes(secret));
    const seen = records.map(({ request }) =>
      [request!.httpMethod, request!.path, request!.rpcMethod].join(" ")
    );
    assertEquals(seen.slice(0, 3), ["POST other ", "GET other ", "POST other "]);
    // Bun makes a GET of a method that it does not know.
    assert(["other /mcp ", "GET /mcp "].includes(seen[5]!), seen[5]);
    assertEquals(seen.slice(6), ["POST /mcp other", "POST /mcp other"]);
  }));
test("the record has the first requests to upstreams and how many more there were", () => {
  const request = new Request("http://localhost:8000/mcp", { method: "POST" });
  const exchange = openExchange(request, "10.0.0.7", new Date(0));
  const detailsOf = () => eventOf(exchange, { status: 200, reason: "ok" }, () => "").details;
  assertEquals(detailsOf(), undefined);
  const call = { name: "billing", status: 200, ms: 3 };
  noteUpstream(exchange, call);
  assertEquals(detailsOf(), { upstream: [call] });
  for (let count = 1; count < 500; count += 1) noteUpstream(exchange, call);
  const { upstream, upstreamOmitted } = detailsOf() as { upstream: []; upstreamOmitted: number };
  assertEquals([upstream.length, upstreamOmitted], [20, 480]);
});

test("a tool that calls an upstream is listed as one of an open world, and no other is", () => {
  const policy = createScopePolicy();
  const { tools } = createRegistry(upstreamTools(), policy);
  assertEquals(
    tools.map((tool) => [tool.name, listing(tool).annotations.openWorldHint]),
    [["look", true], ["relay", true], ["stranger", false]],
  );
});
