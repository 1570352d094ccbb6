/** H-G: which tools a caller may use, and names that are no tools. */

import { numbered } from "./cases.ts";
import type { Context } from "./context.ts";
import { META, modernDraft, replacing } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

export const ENVIRONMENT = "env_01JGXDFAM00000000000000002";
/** In that environment. */
export const ORGANIZATION = "org_01JGXDFAM00000000000000004";

export function call(
  id: string,
  name: string,
  tool: string,
  input: unknown,
  scope: string,
  expect: Expectation,
): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) => context.valid({ tool, input, scope }),
    expect,
  };
}

/** A name in the body, and in the header as it has to be written there. */
function named(id: string, name: string, expect: Expectation = ["200i", "400i"]): Case {
  return {
    id,
    name: `tool ${JSON.stringify(name)}`.slice(0, 60),
    request(context) {
      const draft = context.valid({ tool: name, scope: "env:read org:write wks:write env:write" });
      const plain = /^[\x21-\x7E]+( [\x21-\x7E]+)*$/.test(name) && !name.startsWith("=?");
      const value = plain
        ? name
        : `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(name)))}?=`;
      return replacing(draft, "Mcp-Name", `Mcp-Name: ${value}`);
    },
    expect,
    verify: ({ responses }) =>
      /"message":"(MCP error -32602: )?Unknown tool"/.test(responses[0]?.body ?? "") || name === ""
        ? undefined
        : "another message",
  };
}

function method(
  id: string,
  name: string,
  params: Record<string, unknown>,
  expect: Expectation,
  header?: string,
): Case {
  return {
    id,
    name: `${name} ${JSON.stringify(params)}`.slice(0, 70),
    request({ target, token }: Context) {
      const draft = modernDraft(target.host, token(), {
        jsonrpc: "2.0",
        id: 1,
        method: name,
        params: { ...params, _meta: META },
      });
      return header === undefined
        ? draft
        : { ...draft, headers: [...draft.headers, `Mcp-Name: ${header}`] };
    },
    expect,
  };
}

/** Methods that there are not, and names that nothing has. */
const NONE: Expectation = ["404r", "403s"];
const UNKNOWN: Expectation = ["200i", "400i"];

export const POLICY: readonly Case[] = [
  call("H179", "no scope", "list_environments", {}, "", "403s"),
  call("H179.1", "another scope", "list_environments", {}, "org:read", "403s"),
  call(
    "H179.2",
    "the broader scope opens the narrower",
    "list_environments",
    {},
    "env:write",
    "200",
  ),
  call(
    "H179.3",
    "the narrower scope does not open the broader",
    "create_organization",
    { environmentId: ENVIRONMENT, displayName: "Hostile" },
    "org:read",
    "403s",
  ),
  call(
    "H179.4",
    "a broad scope of another kind",
    "create_organization",
    { environmentId: ENVIRONMENT, displayName: "Hostile" },
    "env:write wks:write org:read",
    "403s",
  ),
  ...numbered("H179.5", ["2025-11-25", "2025-06-18", "2025-03-26"], (id, revision) => ({
    id,
    name: `no scope in ${revision}`,
    request: (context) =>
      context.legacy("tools/call", {
        name: "create_organization",
        arguments: { environmentId: ENVIRONMENT, displayName: "Hostile" },
      }, { revision }),
    expect: "403s",
  })),
  ...numbered("H180", [
    "unknown",
    "",
    "list_environments ",
    " list_environments",
    "List_environments",
    "LIST_ENVIRONMENTS",
    "list_environments\u200B",
    "l\u0456st_environments",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "../list_environments",
    "x".repeat(129),
    "x".repeat(1000),
    "list-environments",
    "list_environments\0",
    "list_environments\n",
    "tools/list_environments",
    "list_environments;create_organization",
    "%6cist_environments",
    "\u202Elist",
    "list_environments.ts",
    "*",
  ], (id, name) => named(id, name)),
  ...numbered("H181", ["create_organization", "invite_workspace_member"], (id, tool) => ({
    id,
    name: `a tool that the list hides: ${tool}`,
    request: (context) => {
      const token = context.token({ claims: { sub: "client-1", client_id: "client-1" } });
      return context.valid({ token, tool, input: {} });
    },
    expect: "403s",
  })),
  method("H182", "resources/read", { uri: "x://y" }, UNKNOWN, "x://y"),
  method("H182.1", "prompts/get", { name: "x" }, UNKNOWN, "x"),
  method("H182.2", "completion/complete", {
    ref: { type: "ref/prompt", name: "x" },
    argument: { name: "a", value: "b" },
  }, UNKNOWN),
  method(
    "H182.11",
    "resources/read",
    { uri: "workspace://members" },
    "403s",
    "workspace://members",
  ),
  method("H182.12", "prompts/get", { name: "onboard_customer" }, "403s", "onboard_customer"),
  method("H182.13", "completion/complete", {
    ref: { type: "ref/prompt", name: "onboard_customer" },
    argument: { name: "environmentId", value: "" },
  }, "403s"),
  method("H182.14", "completion/complete", {
    ref: { type: "ref/resource", uri: "environment://{environmentId}/organizations" },
    argument: { name: "environmentId", value: "" },
  }, "403s"),
  method("H182.15", "subscriptions/listen", {
    notifications: { resourceSubscriptions: ["workspace://members"] },
  }, "403s"),
  ...numbered(
    "H182.3",
    [
      "tasks/get",
      "tasks/list",
      "tasks/cancel",
      "tasks/result",
    ],
    (id, name) =>
      method(id, name, { taskId: "x" }, NONE, /get|cancel/.test(name) ? "x" : undefined),
  ),
  ...numbered("H183", [
    "file:///etc/passwd",
    "../../etc/passwd",
    "%2e%2e/etc/passwd",
    "http://169.254.169.254/",
    "FiLe:///etc/passwd",
    "x://{+x}",
    "javascript:alert(1)",
    "environment://../workspace://members",
    `environment://${ENVIRONMENT}/../members`,
    `environment://${ENVIRONMENT}/%2e%2e`,
    `environment://%65nv_01JGXDFAM00000000000000002`,
    `Environment://${ENVIRONMENT}`,
    `environment://${ENVIRONMENT}/`,
    `environment://${ENVIRONMENT}?x=1`,
    `environment://${ENVIRONMENT}#x`,
    `environment://x@${ENVIRONMENT}`,
    `environment://${ENVIRONMENT}:80`,
    `environment:${ENVIRONMENT}`,
    "environment://{environmentId}",
    "environment://{+environmentId}",
    "environment://__proto__",
    `environment://${"env_".padEnd(5_000, "A")}`,
  ], (id, uri) => method(id, "resources/read", { uri }, UNKNOWN, uri)),
];
