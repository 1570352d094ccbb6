import { test } from "node:test";

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, withWorkspace } from "../support/tools.ts";

const TOOL = "get_environment_credentials";

test("get_environment_credentials returns what an application needs but the secret", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const { clientId, secrets, ...rest } = await callTool(TOOL, { environmentId }, { workspace });
    assertMatch(clientId, /^skc_[A-Za-z0-9]{1,28}$/);
    const [{ id, ...secret }, ...others] = secrets;
    assertMatch(id, /^sks_[A-Za-z0-9]{1,28}$/);
    assertEquals(others, []);
    assertEquals(secret, {
      secretSuffix: "pR0k",
      status: "ACTIVE",
      createTime: "2025-01-06T09:00:00.000Z",
    });
    assertEquals(rest, {
      environmentId,
      environmentUrl: "https://login.gatehouse.example",
      dotenv: [
        "ENVIRONMENT_URL=https://login.gatehouse.example",
        `CLIENT_ID=${clientId}`,
        "# the secret that ends in ...pR0k",
        "CLIENT_SECRET=fill-in-the-secret",
        "",
      ].join("\n"),
    });
  }));

test("get_environment_credentials uses the domain while there is no active custom domain", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const { environmentUrl } = await callTool(TOOL, { environmentId }, { workspace });
    assertEquals(environmentUrl, "https://gatehouse-dev.example");
  }));

test("get_environment_credentials says when there is no secret to fill in", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const { secrets: [{ id: secretId }] } = await callTool(TOOL, { environmentId }, { workspace });
    const revoked = { environmentId, secretId };
    await callTool("revoke_environment_client_secret", revoked, { workspace });
    const { secrets, dotenv } = await callTool(TOOL, { environmentId }, { workspace });
    assertEquals(secrets, []);
    assertMatch(dotenv, /^# there is no active secret; create one$/m);
  }));

test("get_environment_credentials refuses an environment that does not exist", async () => {
  const error = await assertRejects(() => callTool(TOOL, { environmentId: "env_0" }), AppError);
  assertEquals(error.code, "not_found");
});
