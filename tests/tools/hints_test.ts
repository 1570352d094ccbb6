import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertFalse, assertLessOrEqual } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { createHints } from "../../tools/hints.ts";
import { createRegistry, defineTool } from "../../tools/registry.ts";
import type { AnyToolDefinition } from "../../tools/registry.ts";
import {
  callTool,
  environmentNamed,
  organizationNamed,
  principal,
  registry,
  withWorkspace,
} from "../support/tools.ts";

const policy = createScopePolicy();

function tool(name: string, scope: string, next?: () => unknown): AnyToolDefinition {
  return defineTool({
    name,
    title: "Probe",
    description: "A probe for the tests of hints; it has nothing to do and nothing to say.",
    effect: "read",
    scopes: [scope],
    input: z.strictObject({}),
    output: z.object({}),
    ...(next && { next: next as () => string }),
    handle: () => Promise.resolve({}),
  });
}

/** The hint that a tool gives to a caller with org:read, and what was logged of it. */
function hintOf(next: (() => unknown) | undefined) {
  const probes = createRegistry([
    tool("probe_it", "org:read", next),
    tool("read_on", "org:read"),
    tool("change_it", "org:write"),
  ], policy);
  const failures: string[] = [];
  const hints = createHints(probes, policy, (error) => failures.push(String(error)));
  const caller = principal({ scopes: ["org:read"] });
  const hint = hints({ tool: probes.get("probe_it")!, input: {}, principal: caller }, {});
  return { hint, failures };
}

test("a hint is given as it is, and nothing where there is none", () => {
  assertEquals(hintOf(() => "Call read_on with next_thing.").hint, "Call read_on with next_thing.");
  for (const next of [undefined, () => undefined, () => "", () => " \n"]) {
    assertEquals(hintOf(next), { hint: undefined, failures: [] });
  }
});

test("a sentence that names a tool which the caller may not call is left out", () => {
  const { hint } = hintOf(() => "Call change_it. Or call read_on. Then change_it; read_on.");
  assertEquals(hint, "Or call read_on.");
  assertEquals(hintOf(() => "Call change_it.").hint, undefined);
});

test("a hint cannot hide anything, break a line or go on for ever", () => {
  assertEquals(hintOf(() => "A\u202eb\n\n\u001b[2Jc.").hint, "A\uFFFDb \uFFFD[2Jc.");
  const long = hintOf(() => "x".repeat(401));
  assertEquals([long.hint, long.failures.length], [undefined, 1]);
});

test("a hint that fails costs the hint and not the result", () => {
  const failing = hintOf(() => {
    throw new Error("boom");
  });
  assertEquals(failing, { hint: undefined, failures: ["Error: boom"] });
  assertEquals(hintOf(() => 5 as never).hint, undefined);
});

test("every hint names only tools that exist", () => {
  const words = new Set(["dir_sync"]);
  for (const { name, next } of registry.tools) {
    for (const [word] of `${next}`.matchAll(/\b[a-z]+(_[a-z]+)+\b/g)) {
      assert(words.has(word) || registry.get(word), `${name} names ${word}`);
    }
  }
});

test("the shipped hints fit what their tools return", () =>
  withWorkspace(async (workspace) => {
    const failures: unknown[] = [];
    const hints = createHints(registry, policy, (error) => failures.push(error));
    const scopes = ["env:write", "org:write", "wks:write", "access:write", "audit:all"];
    const hint = async (name: string, input: Record<string, unknown>) => {
      const output = await callTool(name, input, { workspace });
      const tool = registry.get(name)!;
      const parsed = tool.input.parse(input);
      return hints({ tool, input: parsed, principal: principal({ scopes }) }, output) ?? "";
    };
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const place = { environmentId, organizationId };
    const user = { email: "ada@example.com", roles: ["member"] };
    const cases: readonly [string, Record<string, unknown>, string][] = [
      ["whoami", {}, "list_environments"],
      ["list_environments", {}, "list_organizations"],
      ["list_environments", { pageSize: 1 }, "nextPageToken"],
      ["get_environment_details", { environmentId }, "production"],
      ["list_organizations", { environmentId }, "get_organization_details"],
      ["list_organizations", { environmentId, search: "nobody" }, "create_organization"],
      ["create_organization", { environmentId, displayName: "Acme" }, environmentId],
      ["get_organization_details", place, "list_organization_users"],
      ["create_organization_user", { ...place, ...user }, "list_organization_users"],
      ["import_organization_users", { ...place, users: [user] }, "failedRows"],
      ["list_organization_users", { ...place, pageSize: 1 }, "pageToken"],
      ["list_workspace_members", { pageSize: 1 }, "pageToken"],
      ["revoke_access", { kind: "CLIENT", value: "c", reason: "a test" }, "restore_access"],
    ];
    for (const [name, input, expected] of cases) {
      const said = await hint(name, input);
      assert(said.includes(expected), `${name}: ${said}`);
      assertLessOrEqual(said.length, 400, name);
      // Names are other people's words, and this text is ours.
      assertFalse(said.includes("Halden") || said.includes("Acme"), said);
    }
    assertEquals(failures, []);
  }));
