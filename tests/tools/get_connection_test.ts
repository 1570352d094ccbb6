import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, environmentNamed, inputProblems, toolNamed } from "../support/tools.ts";

test("get_connection shows settings, and who depends on it", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const get = async (keyId: string) => {
      const { id: connectionId } = await connection(keyId);
      return callTool("get_connection", { environmentId, connectionId }, { workspace });
    };
    const okta = await get("kestrel-okta");
    assertEquals(okta.settings, {
      metadataUrl: "https://kestrel.okta.example/app/gatehouse/sso/saml/metadata",
    });
    assertEquals([okta.users, okta.connectedAccounts, okta.missingSettings], [3, 0, []]);
    const github = await get("github");
    assertEquals([github.users, github.connectedAccounts], [6, 2]);
  }));

test("get_connection says what a draft lacks", () =>
  withConnections(async ({ workspace }) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const { connections } = await callTool(
      "list_environment_connections",
      { environmentId },
      { workspace },
    );
    const { id: connectionId } = connections.find(({ status }: { status: string }) =>
      status === "DRAFT"
    );
    const found = await callTool("get_connection", { environmentId, connectionId }, { workspace });
    assertEquals([found.missingSettings, found.enabled], [["metadataUrl"], false]);
  }));

test("get_connection finds none of another environment", () =>
  withConnections(async ({ workspace, connection }) => {
    const { id: connectionId } = await connection("google");
    const environmentId = await environmentNamed(workspace, "Development");
    const error = await assertRejects(
      () => callTool("get_connection", { environmentId, connectionId }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("get_connection needs the rights to read both, as it shows both", () => {
  assertEquals(toolNamed("get_connection").scopes, ["env:read", "org:read"]);
  for (const connectionId of ["conn_", "CONN_1", "org_1", "conn_1/../conn_2", ""]) {
    assertEquals(
      inputProblems("get_connection", { environmentId: "env_1", connectionId }).length,
      1,
    );
  }
});
