/** H-G: which tools a caller may use, what it may hand them, and what comes out. */

import { numbered } from "./cases.ts";
import type { Context } from "./context.ts";
import { META, modernDraft, replacing, withBody } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

const ENVIRONMENT = "env_01JGXDFAM00000000000000002";

function call(
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

/** The reading tool with arguments of any kind. */
function reading(id: string, input: unknown, expect: Expectation = "isErr"): Case {
  return call(
    id,
    `arguments ${JSON.stringify(input)}`,
    "list_environments",
    input,
    "env:read",
    expect,
  );
}

/** The writing tool, refused for its arguments. */
function writing(id: string, changes: Record<string, unknown>): Case {
  const input = { environmentId: ENVIRONMENT, displayName: "Hostile", ...changes };
  return call(
    id,
    `create_organization with ${JSON.stringify(changes)}`,
    "create_organization",
    input,
    "org:write",
    "isErr",
  );
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

const NONE: Expectation = ["404r", "403s"];

const POLICY: readonly Case[] = [
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
  method("H182", "resources/read", { uri: "x://y" }, NONE, "x://y"),
  method("H182.1", "prompts/get", { name: "x" }, NONE, "x"),
  method("H182.2", "completion/complete", {
    ref: { type: "ref/prompt", name: "x" },
    argument: { name: "a", value: "b" },
  }, NONE),
  ...numbered(
    "H182.3",
    [
      "tasks/get",
      "tasks/list",
      "tasks/cancel",
      "tasks/result",
      "resources/list",
      "resources/templates/list",
      "prompts/list",
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
  ], (id, uri) => method(id, "resources/read", { uri }, NONE, uri)),
];

const ARGUMENTS: readonly Case[] = [
  { ...reading("H184", undefined, "200"), name: "no arguments at all" },
  ...numbered(
    "H184.1",
    [null, [], "x", 7, true],
    (id, input) => reading(id, input, ["isErr", "400i", "200i"]),
  ),
  ...numbered("H184.10", [
    { x: 1 },
    { pageSize: "1" },
    { pageSize: 1.5 },
    { pageSize: -1 },
    { pageSize: 0 },
    { pageSize: 1_000_000 },
    { pageSize: null },
    { pageSize: true },
    { pageSize: [1] },
    { pageSize: { $gt: 0 } },
    { pageSize: "NaN" },
    { pageToken: 7 },
    { pageToken: null },
    { pageToken: ["x"] },
    { pageToken: "x".repeat(10_000) },
    { pagesize: 1 },
    { PageSize: 1 },
    { "pageSize ": 1 },
    { arguments: {} },
    { scope: "env:write" },
    { principal: { subject: "admin" } },
  ], (id, input) => reading(id, input)),
  ...numbered("H184.40", ["-0", "1e308", "1e309", "2e9999"], (id, text) => ({
    id,
    name: `pageSize ${text}`,
    request: (context) =>
      withBody(
        context.valid(),
        String(context.valid().body).replace('"arguments":{}', `"arguments":{"pageSize":${text}}`),
      ),
    expect: "isErr",
  })),
  ...numbered("H184.50", [
    { environmentId: 7 },
    { environmentId: undefined },
    { environmentId: "" },
    { environmentId: "env_" },
    { environmentId: "ENV_X" },
    { environmentId: `env_${"A".repeat(100)}` },
    { environmentId: `env_${"a".repeat(28)}!` },
    { displayName: "" },
    { displayName: 7 },
    { displayName: "x".repeat(201) },
    { displayName: "a\nb" },
    { displayName: "a\u0000b" },
    { displayName: "\u001b[2J" },
    { displayName: "a\u202Eb" },
    { displayName: "\u{E0041}\u{E0042}" },
    { externalId: "" },
    { externalId: "x".repeat(1000) },
    { metadata: "x" },
    { metadata: { a: 1 } },
    { metadata: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, "v"])) },
    { role: "admin" },
    { id: "org_1" },
  ], (id, changes) => writing(id, changes)),
  ...numbered("H185", [
    "env_' OR 1=1--",
    "env_$(id)",
    "env_`id`",
    "env_{{7*7}}",
    "env_../../etc/passwd",
    "env_*)(uid=*",
    "env_' or '1'='1",
    "env_%00",
    "env_\u0000",
    "env_1; DROP TABLE organizations",
    "env_${jndi:ldap://x}",
  ], (id, environmentId) => writing(id, { environmentId })),
  // Free text of the shape of an attack is text: nothing is found, nothing happens.
  ...numbered("H185.20", [
    "' OR 1=1--",
    "%",
    "$(id)",
    "{{7*7}}",
    "<script>",
    "'; DROP TABLE organizations;--",
    "*)(uid=*",
  ], (id, search) => ({
    ...call(
      id,
      `search ${search}`,
      "list_organizations",
      { environmentId: ENVIRONMENT, search },
      "org:read",
      ["200", "isErr"],
    ),
    verify: ({ answers }) =>
      JSON.stringify(answers[0]?.json).includes('"totalSize":0') ||
        answers[0]?.record?.reason !== "ok"
        ? undefined
        : "it found something",
  })),
  ...numbered("H186", [
    "http://127.0.0.1:1/",
    "http://169.254.169.254/",
    "gopher://x",
    "http://2130706433/",
    "http://[::ffff:127.0.0.1]/",
  ], (id, url) => writing(id, { logoUrl: url })),
  ...numbered(
    "H193",
    ["env_01JGXDFAM00000000000000099", "env_1", "env_00000000000000000000000000"],
    (id, environmentId) => ({
      ...writing(id, { environmentId }),
      verify: ({ responses }) =>
        responses[0]?.body.includes("not_found") ? undefined : "not a uniform not_found",
    }),
  ),
  ...numbered("H194", ["v0.", "x", "eyJhbGciOiJub25lIn0.e30.", "", 7, {}], (id, requestState) => ({
    id,
    name: `requestState ${JSON.stringify(requestState)}`,
    request: (context) =>
      withBody(
        context.valid(),
        String(context.valid().body).replace(
          '"arguments":{}',
          `"arguments":{},"requestState":${JSON.stringify(requestState)}`,
        ),
      ),
    expect: ["200", "400i", "200i"],
  })),
  ...numbered(
    "H195",
    [{ a: { action: "accept" } }, { constructor_: 1 }, []],
    (id, inputResponses) => ({
      id,
      name: `inputResponses ${JSON.stringify(inputResponses)}`,
      request: (context) =>
        withBody(
          context.valid(),
          String(context.valid().body).replace(
            '"arguments":{}',
            `"arguments":{},"inputResponses":${JSON.stringify(inputResponses)}`,
          ),
        ),
      expect: ["200", "400i", "200i"],
    }),
  ),
  {
    ...call(
      "H192",
      "a tool that talks about its caller has no token to tell",
      "whoami",
      {},
      "env:read wks:read",
      "200",
    ),
  },
];

export const TOOLS: readonly Case[] = [...POLICY, ...ARGUMENTS];
