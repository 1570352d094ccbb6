import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, questionOf, withWorkspace } from "../support/tools.ts";

const TOOL = "remove_initiate_login_uri";

test("remove_initiate_login_uri removes it, and has nothing to remove a second time", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const removedUri = "https://app.gatehouse.example/login";
    assertEquals(
      await questionOf(TOOL, { environmentId }, workspace),
      `Remove the initiate-login URI ${removedUri} from the environment Production (PRD)? ` +
        "Sign-ins that begin outside the application will lead nowhere.",
    );
    assertEquals(await callTool(TOOL, { environmentId }, { workspace }), { removedUri });
    const list = await callTool("list_redirect_uris", { environmentId }, { workspace });
    assertEquals(["initiateLoginUri" in list, list.totalSize], [false, 3]);
    for (
      const call of [
        questionOf(TOOL, { environmentId }, workspace),
        callTool(TOOL, { environmentId }, { workspace }),
      ]
    ) assertEquals((await assertRejects(() => call, AppError)).code, "not_found");
  }));
