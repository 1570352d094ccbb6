import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, questionOf } from "../support/tools.ts";

const NAME = "delete_connected_account";

test("delete_connected_account says whose it is, and deletes that one alone", () =>
  withConnections(async ({ workspace, environmentId, account }) => {
    const jonas = await account("jonas@kestrel.example");
    const input = { environmentId, connectedAccountId: jonas.id };
    assertEquals(
      await questionOf(NAME, input, workspace),
      "Delete the connected account of jonas@kestrel.example at GITHUB (connector github, ACTIVE)? Its credentials cannot " +
        "be had back, and programs can no longer act for this person there.",
    );
    assertEquals(await account("jonas@kestrel.example"), jonas);
    assertEquals(await callTool(NAME, input, { workspace }), jonas);
    const { totalSize } = await workspace.listConnectedAccounts(environmentId, { pageSize: 1 });
    assertEquals(totalSize, 3);
    for (
      const repeat of [
        () => questionOf(NAME, input, workspace),
        () => callTool(NAME, input, { workspace }),
      ]
    ) assertEquals((await assertRejects(repeat, AppError)).code, "not_found");
  }));
