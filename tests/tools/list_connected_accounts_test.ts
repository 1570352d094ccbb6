import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, inputProblems } from "../support/tools.ts";

const NAME = "list_connected_accounts";

test("list_connected_accounts shows who connected what, and never a token", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const { connectedAccounts, totalSize } = await callTool(NAME, { environmentId }, { workspace });
    assertEquals(
      connectedAccounts.map((account: Record<string, unknown>) => [
        account["identifier"],
        account["provider"],
        account["connector"],
        account["status"],
      ]),
      [
        ["lena@sommer.example", "NOTION", "notion", "DISCONNECTED"],
        ["ingrid@halden.example", "NOTION", "notion", "ACTIVE"],
        ["jonas@kestrel.example", "GITHUB", "github", "ACTIVE"],
        ["mira@kestrel.example", "GITHUB", "github", "EXPIRED"],
      ],
    );
    assertEquals(totalSize, 4);
    assertEquals(connectedAccounts[3].tokenExpireTime, "2025-01-06T17:00:00.000Z");
    for (const account of connectedAccounts) {
      const names = Object.keys(account).filter((name) => /token|secret|credential/i.test(name));
      assert(names.every((name) => name === "tokenExpireTime"), names.join());
    }
  }));

test("list_connected_accounts meets every filter", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const find = async (filter: Record<string, string>) => {
      const { connectedAccounts } = await callTool(
        NAME,
        { environmentId, ...filter },
        { workspace },
      );
      return connectedAccounts.map(({ identifier }: { identifier: string }) =>
        identifier.split("@")[0]
      );
    };
    assertEquals(await find({ provider: "NOTION" }), ["lena", "ingrid"]);
    assertEquals(await find({ connector: "github" }), ["jonas", "mira"]);
    assertEquals(await find({ status: "ACTIVE" }), ["ingrid", "jonas"]);
    assertEquals(await find({ connector: "github", status: "ACTIVE" }), ["jonas"]);
    assertEquals(await find({ identifier: "mira@kestrel.example" }), ["mira"]);
    assertEquals(await find({ identifier: "MIRA@kestrel.example" }), []);
    assertEquals(await find({ identifier: "%" }), []);
    assertEquals(await find({ provider: "CUSTOM" }), []);
  }));

test("list_connected_accounts keeps a page token to the filters it came from", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const page = { environmentId, pageSize: 1, connector: "github" };
    const { nextPageToken: pageToken } = await callTool(NAME, page, { workspace });
    const next = await callTool(NAME, { ...page, pageToken }, { workspace });
    assertEquals(next.connectedAccounts[0].identifier, "mira@kestrel.example");
    const error = await assertRejects(
      () => callTool(NAME, { ...page, connector: "notion", pageToken }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "invalid_input");
  }));

test("list_connected_accounts refuses filters that nothing can meet", () => {
  for (
    const filter of [
      { status: "active" },
      { provider: "github" },
      { connector: "GitHub" },
      {
        identifier: "",
      },
      { identifier: "a\nb" },
      { identifier: "x".repeat(257) },
    ]
  ) {
    const problems = inputProblems(NAME, { environmentId: "env_1", ...filter });
    assert(problems.length > 0, JSON.stringify(filter));
  }
});
