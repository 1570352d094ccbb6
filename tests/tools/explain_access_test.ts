import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { AppError } from "../../errors.ts";
import { catalogueOf } from "../../tools/catalogue.ts";
import { callTool, inputProblems, principal, registry, withWorkspace } from "../support/tools.ts";

test("explain_access tells what a refused caller lacks", async () => {
  const caller = principal({ scopes: ["org:read", "openid"] });
  const answer = await callTool(
    "explain_access",
    { tool: "delete_organization" },
    { principal: caller },
  );
  assertEquals(answer, {
    tool: "delete_organization",
    title: "Delete organization",
    effect: "delete",
    decision: "refused",
    askedFor: "yourself",
    requiredScopes: ["org:write"],
    grantedScopes: ["org:read", "openid"],
    effectiveScopes: ["org:read"],
    missingScopes: ["org:write"],
    unknownScopes: ["openid"],
    needsConfirmation: true,
    timeoutSeconds: 30,
    nextStep:
      "Get an access token that has org:write too, and do not repeat the call with this one: it is refused with " +
      "insufficient_scope. openid means nothing here; perhaps it is misspelt.",
  });
});

test("explain_access counts what a scope implies", async () => {
  const caller = principal({ scopes: ["org:write"] });
  const answer = await callTool(
    "explain_access",
    { tool: "list_organizations" },
    { principal: caller },
  );
  assertEquals([answer.decision, answer.missingScopes], ["allowed", []]);
  assertEquals(answer.effectiveScopes, ["org:read", "org:write"]);
  assertEquals([answer.needsConfirmation, answer.nextStep], [false, "Call list_organizations."]);
});

test("explain_access answers for named scopes, and says that it did", async () => {
  const input = { tool: "delete_organization", scopes: ["org:write"] };
  const caller = principal({ scopes: [] });
  const answer = await callTool("explain_access", input, { principal: caller });
  assertEquals([answer.askedFor, answer.decision], ["namedScopes", "allowed"]);
  assertStringIncludes(answer.nextStep, "a person is asked");
  const none = await callTool("explain_access", { ...input, scopes: [] });
  assertEquals([none.grantedScopes, none.decision], [[], "refused"]);
});

test("explain_access decides as the server does, for every tool and every scope", () =>
  withWorkspace(async (workspace) => {
    const policy = createScopePolicy();
    for (const tool of registry.tools) {
      for (const scope of policy.definitions.keys()) {
        const input = { tool: tool.name, scopes: [scope] };
        const { decision } = await callTool("explain_access", input, { workspace });
        const isMissing = policy.missing([scope], tool.scopes).length > 0;
        assertEquals(decision, isMissing ? "refused" : "allowed", `${tool.name} with ${scope}`);
      }
    }
  }));

test("explain_access tells the limits where there are some, a tool's own first", async () => {
  const limits = {
    client: { points: 100, seconds: 10 },
    tool: { points: 50, seconds: 10 },
    concurrent: 5,
  };
  const catalogue = catalogueOf(registry, createScopePolicy(), limits);
  const answer = await callTool("explain_access", { tool: "revoke_access" }, { catalogue });
  const { rate = limits.tool, cost } = registry.get("revoke_access")!;
  assertEquals(answer.limits, { cost, ...limits, tool: rate });
});

test("explain_access says nothing of others: no token id, no subject", async () => {
  const caller = principal({ tokenId: "jti-canary", subject: "subject-canary" });
  const answer = await callTool("explain_access", { tool: "whoami" }, { principal: caller });
  assert(!/canary/.test(JSON.stringify(answer)));
});

test("explain_access refuses a tool that does not exist, whatever object it is a member of", async () => {
  for (const tool of ["constructor", "delete_everything"]) {
    const error = await assertRejects(() => callTool("explain_access", { tool }), AppError, tool);
    assertEquals(error.code, "not_found");
  }
  for (const tool of [undefined, "", "__proto__", "a b", "x".repeat(65)]) {
    assert(inputProblems("explain_access", { tool }).length > 0, tool);
  }
  for (
    const scopes of [
      ["a", "a"],
      ["a b"],
      ['a"'],
      Array.from({ length: 51 }, (_, n) => `s${n}`),
    ]
  ) {
    assertEquals(inputProblems("explain_access", { tool: "whoami", scopes }).length, 1);
  }
});
