import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, inputProblems, NOW } from "../support/tools.ts";

const NAME = "create_connected_account_magic_link";

test("create_connected_account_magic_link makes a link for an hour, and an account that waits", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const input = { environmentId, identifier: "chen@kestrel.example", connector: "github" };
    const made = await callTool(NAME, input, { workspace });
    assertMatch(made.link, /^https:\/\/login\.gatehouse\.example\/connect\/[\w-]{43}$/);
    assertEquals(made.expireTime, new Date(NOW.getTime() + 3_600_000).toISOString());
    assertEquals(
      [made.connectedAccount.identifier, made.connectedAccount.status],
      ["chen@kestrel.example", "PENDING_AUTH"],
    );
    const read = await callTool(
      "get_connected_account",
      { environmentId, connectedAccountId: made.connectedAccount.id },
      { workspace },
    );
    assertEquals(read, made.connectedAccount);
  }));

test("create_connected_account_magic_link is for the account that there is", () =>
  withConnections(async ({ workspace, environmentId, account }) => {
    const expired = await account("mira@kestrel.example");
    const input = { environmentId, identifier: "mira@kestrel.example", connector: "github" };
    const first = await callTool(NAME, { ...input, lifetimeSeconds: 60 }, { workspace });
    const second = await callTool(NAME, input, { workspace });
    assertEquals(first.expireTime, new Date(NOW.getTime() + 60_000).toISOString());
    assertEquals([first.connectedAccount, second.connectedAccount], [expired, expired]);
    assert(first.link !== second.link);
  }));

test("create_connected_account_magic_link leads to no connection that cannot be used", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const attempt = async (connector: string) => {
      const input = { environmentId, identifier: "ada", connector };
      return (await assertRejects(() => callTool(NAME, input, { workspace }), AppError)).code;
    };
    assertEquals(await attempt("unknown"), "not_found");
    assertEquals(await attempt("github-dev"), "not_found");
    assertEquals(await attempt("google"), "conflict");
    const { id } = await connection("notion");
    await workspace.setConnectionEnabled(environmentId, id, false);
    assertEquals(await attempt("notion"), "conflict");
    const { totalSize } = await workspace.listConnectedAccounts(environmentId, {
      pageSize: 1,
      identifier: "ada",
    });
    assertEquals(totalSize, 0);
  }));

test("create_connected_account_magic_link bounds the life of a link", () => {
  const input = { environmentId: "env_1", identifier: "ada", connector: "github" };
  for (const lifetimeSeconds of [60, 86_400]) {
    assertEquals(inputProblems(NAME, { ...input, lifetimeSeconds }), []);
  }
  for (const lifetimeSeconds of [0, 59, 86_401, 60.5]) {
    assertEquals(inputProblems(NAME, { ...input, lifetimeSeconds }).length, 1);
  }
});
