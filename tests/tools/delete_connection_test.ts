import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, questionOf } from "../support/tools.ts";

test("delete_connection says by names and numbers what would go", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const ask = async (keyId: string) =>
      questionOf(
        "delete_connection",
        { environmentId, connectionId: (await connection(keyId)).id },
        workspace,
      );
    assertEquals(
      await ask("kestrel-okta"),
      "Delete the connection kestrel-okta (OKTA, SAML) of the organization Kestrel Robotics? Of the users of Kestrel " +
        "Robotics (3), nobody can sign in through it any more; addresses at kestrel.example lead to it. Its settings " +
        "cannot be had back.",
    );
    assertEquals(
      await ask("notion"),
      "Delete the connection notion (NOTION, API_KEY) of the environment? Programs can no longer use its connected " +
        "accounts (2). Its settings and its connected accounts (2) with their credentials cannot be had back.",
    );
    assertEquals(
      await ask("halden-entra"),
      "Delete the connection halden-entra (MICROSOFT_AD, OIDC) of the organization Halden Shipping? It is disabled, so " +
        "nobody uses it now. Its settings cannot be had back.",
    );
  }));

test("delete_connection changes nothing by asking", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const before = await connection("github");
    await questionOf(
      "delete_connection",
      { environmentId, connectionId: before.id },
      workspace,
    );
    assertEquals(await connection("github"), before);
  }));

test("a question about many domains stays short enough to be asked", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const long = `${"a".repeat(60)}.`.repeat(3);
    const domains = Array.from({ length: 20 }, (_, n) => `d${n}.${long}example`);
    const { id: connectionId } = await workspace.createConnection(environmentId, {
      provider: "CUSTOM",
      type: "PASSWORD",
      domains,
    });
    await workspace.setConnectionEnabled(environmentId, connectionId, true);
    const question = await questionOf(
      "delete_connection",
      { environmentId, connectionId },
      workspace,
    );
    assertEquals(question.includes("and 17 more"), true);
    assertEquals(question.length < 2000, true);
  }));

test("delete_connection deletes it with its accounts, and then there is none", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const { id: connectionId } = await connection("github");
    const input = { environmentId, connectionId };
    const deleted = await callTool("delete_connection", input, { workspace });
    assertEquals(deleted.keyId, "github");
    const { connectedAccounts } = await callTool(
      "list_connected_accounts",
      { environmentId },
      { workspace },
    );
    assertEquals(
      connectedAccounts.map(({ connector }: { connector: string }) => connector),
      ["notion", "notion"],
    );
    for (
      const repeat of [
        () => questionOf("delete_connection", input, workspace),
        () => callTool("delete_connection", input, { workspace }),
      ]
    ) assertEquals((await assertRejects(repeat, AppError)).code, "not_found");
  }));
