import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, questionOf } from "../support/tools.ts";

const NAME = "disable_environment_connection";

test("disable_environment_connection says who and what would stop", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const ask = async (keyId: string) =>
      questionOf(NAME, { environmentId, connectionId: (await connection(keyId)).id }, workspace);
    assertEquals(
      await ask("google"),
      "Disable the connection google (GOOGLE, OIDC) of the environment? Of the users of the environment (6), nobody can " +
        "sign in through it any more. It can be enabled again.",
    );
    assertEquals(
      await ask("github"),
      "Disable the connection github (GITHUB, OAUTH) of the environment? Of the users of the environment (6), nobody can " +
        "sign in through it any more. Programs can no longer use its connected accounts (2). It can be enabled again.",
    );
  }));

test("disable_environment_connection keeps settings and accounts", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const { id: connectionId, settings } = await connection("github");
    const input = { environmentId, connectionId };
    const disabled = await callTool(NAME, input, { workspace });
    assertEquals([disabled.enabled, disabled.settings], [false, settings]);
    const { connectedAccounts } = await workspace.getConnectionUse(environmentId, connectionId);
    assertEquals(connectedAccounts, 2);
    const error = await assertRejects(() => questionOf(NAME, input, workspace), AppError);
    assertEquals(error.reason, "disabled_already");
    const enabled = await callTool("enable_environment_connection", input, { workspace });
    assertEquals(enabled.enabled, true);
  }));

test("disable_environment_connection asks nothing about an organization's", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const before = await connection("kestrel-okta");
    const input = { environmentId, connectionId: before.id };
    for (
      const attempt of [
        () => questionOf(NAME, input, workspace),
        () => callTool(NAME, input, { workspace }),
      ]
    ) assertEquals((await assertRejects(attempt, AppError)).code, "conflict");
    assertEquals(await connection("kestrel-okta"), before);
  }));
