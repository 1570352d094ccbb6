/** H-G: what a caller hands to a tool. */

import { numbered } from "./cases.ts";
import { call, ENVIRONMENT } from "./cases_tools.ts";
import { withBody } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

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

export const ARGUMENTS: readonly Case[] = [
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
    expect: ["400i", "200i"],
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
