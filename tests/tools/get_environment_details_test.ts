import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("get_environment_details returns the whole environment", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    assertEquals(await callTool("get_environment_details", { environmentId }, { workspace }), {
      id: environmentId,
      displayName: "Production",
      type: "PRD",
      regionCode: "EU",
      domain: "gatehouse.example",
      customDomain: "login.gatehouse.example",
      customDomainStatus: "ACTIVE",
      createTime: "2025-01-06T09:00:00.000Z",
      updateTime: "2025-01-06T09:00:00.000Z",
    });
  }));

test("get_environment_details refuses an environment that does not exist", async () => {
  const error = await assertRejects(
    () => callTool("get_environment_details", { environmentId: "env_0" }),
    AppError,
  );
  assertEquals(error.code, "not_found");
});

test("get_environment_details needs an environment id and nothing else", () => {
  assertEquals(inputProblems("get_environment_details", {}).length, 1);
  assertEquals(
    inputProblems("get_environment_details", { environmentId: "org_1" }),
    ["environmentId: Must be env_ and up to 28 letters or digits; list_environments returns it"],
  );
  assertEquals(
    inputProblems("get_environment_details", { environmentId: "env_1", verbose: true }).length,
    1,
  );
});
