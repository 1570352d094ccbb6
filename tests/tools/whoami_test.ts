import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { callTool, NOW, principal, registry } from "../support/tools.ts";

test("whoami tells the caller who they are and when the token expires", async () => {
  const { callableTools: _, refusedTools: __, ...caller } = await callTool("whoami", {});
  assertEquals(caller, {
    kind: "user",
    subject: "user-1",
    clientId: "client-1",
    issuer: "https://issuer.example",
    grantedScopes: ["env:write", "org:write", "wks:write"],
    effectiveScopes: ["env:read", "env:write", "org:read", "org:write", "wks:read", "wks:write"],
    expiresAt: "2026-09-01T12:05:00.000Z",
    expiresInSeconds: 300,
  });
});

test("whoami tells which tools are open and what the others lack", async () => {
  const caller = principal({ kind: "client", scopes: ["org:write", "openid"] });
  const { callableTools, refusedTools, grantedScopes, effectiveScopes } = await callTool(
    "whoami",
    {},
    { principal: caller },
  );
  assertEquals(grantedScopes, ["org:write", "openid"]);
  assertEquals(effectiveScopes, ["org:read", "org:write"]);
  const missing = registry.tools.map(({ name, scopes }) => ({
    name,
    missingScopes: scopes.filter((scope) => !effectiveScopes.includes(scope)),
  }));
  assertEquals(
    callableTools,
    missing.filter(({ missingScopes }) => missingScopes.length === 0).map(({ name }) => name),
  );
  assertEquals(refusedTools, missing.filter(({ missingScopes }) => missingScopes.length > 0));
  for (const name of ["create_organization", "list_organization_users", "whoami"]) {
    assert(callableTools.includes(name), name);
  }
  const refused = new Map(
    refusedTools.map((
      { name, missingScopes }: { name: string; missingScopes: string[] },
    ) => [name, missingScopes]),
  );
  assertEquals(refused.get("list_environments"), ["env:read"]);
  assertEquals(refused.get("get_connection"), ["env:read"]);
  assertEquals(refused.get("revoke_access"), ["access:write"]);
});

test("whoami answers a caller without any scope", async () => {
  const { callableTools, refusedTools } = await callTool(
    "whoami",
    {},
    { principal: principal({ scopes: [] }) },
  );
  const open = registry.tools.filter(({ scopes }) => scopes.length === 0).map(({ name }) => name);
  assertEquals(callableTools, open);
  assertEquals(refusedTools.length, registry.tools.length - open.length);
});

test("whoami never counts below zero for a token inside the clock tolerance", async () => {
  const expiresAt = NOW.getTime() / 1000 - 10;
  const { expiresInSeconds } = await callTool(
    "whoami",
    {},
    { principal: principal({ expiresAt }) },
  );
  assertEquals(expiresInSeconds, 0);
});

test("whoami does not say the token id", async () => {
  const output = await callTool("whoami", {}, { principal: principal({ tokenId: "jti-canary" }) });
  assert(!JSON.stringify(output).includes("jti-canary"));
});
