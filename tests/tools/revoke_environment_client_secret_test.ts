import { test } from "node:test";

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import {
  callTool,
  environmentNamed,
  inputProblems,
  questionOf,
  withWorkspace,
} from "../support/tools.ts";

const TOOL = "revoke_environment_client_secret";

test("revoke_environment_client_secret deletes the secret it names and leaves the others", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const { id: secretId, secretSuffix } = await callTool(
      "create_environment_client_secret",
      { environmentId },
      { workspace },
    );
    const input = { environmentId, secretId };
    const question = await questionOf(TOOL, input, workspace);
    assertStringIncludes(question, `Revoke the secret that ends in ${secretSuffix} (${secretId}`);
    assertStringIncludes(question, "of the environment Production (PRD)?");
    assertStringIncludes(question, "Other active secrets that go on working: 1.");
    const revoked = await callTool(TOOL, input, { workspace });
    assertEquals([revoked.id, revoked.secretSuffix, "secret" in revoked], [
      secretId,
      secretSuffix,
      false,
    ]);
    const { secrets } = await callTool("get_environment_credentials", { environmentId }, {
      workspace,
    });
    assertEquals(secrets.map(({ secretSuffix }: typeof revoked) => secretSuffix), ["pR0k"]);
  }));

test("revoke_environment_client_secret says when it is the last one", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const { secrets: [{ id: secretId }] } = await callTool(
      "get_environment_credentials",
      { environmentId },
      { workspace },
    );
    const question = await questionOf(TOOL, { environmentId, secretId }, workspace);
    assertStringIncludes(question, "No other active secret is left");
  }));

test("revoke_environment_client_secret knows no secret of another environment, nor one twice", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const other = await environmentNamed(workspace, "Development");
    const { id: secretId } = await callTool(
      "create_environment_client_secret",
      { environmentId },
      { workspace },
    );
    const refused = async (input: object) => {
      for (
        const call of [questionOf(TOOL, input, workspace), callTool(TOOL, input, { workspace })]
      ) {
        assertEquals((await assertRejects(() => call, AppError)).code, "not_found");
      }
    };
    await refused({ environmentId: other, secretId });
    await callTool(TOOL, { environmentId, secretId }, { workspace });
    await refused({ environmentId, secretId });
  }));

test("revoke_environment_client_secret takes an id and no secret", () => {
  const problems = (secretId: unknown) => inputProblems(TOOL, { environmentId: "env_1", secretId });
  assertEquals(problems("sks_1"), []);
  for (const wrong of ["skc_1", "", "sks_", "x".repeat(43)]) {
    assertEquals(problems(wrong).length, 1);
  }
});
