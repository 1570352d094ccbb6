import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

const TOOL = "set_initiate_login_uri";

test("set_initiate_login_uri replaces the one there is", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    for (const uri of ["https://app.example.com/start", "http://localhost:3000/login"]) {
      for (const _time of [1, 2]) {
        const answer = await callTool(TOOL, { environmentId, uri }, { workspace });
        assertEquals(answer, { initiateLoginUri: uri });
      }
      const list = await callTool("list_redirect_uris", { environmentId }, { workspace });
      assertEquals([list.initiateLoginUri, list.totalSize], [uri, 3]);
    }
    const other = await environmentNamed(workspace, "Development");
    const list = await callTool("list_redirect_uris", { environmentId: other }, { workspace });
    assertEquals("initiateLoginUri" in list, false);
  }));

test("set_initiate_login_uri takes no scheme of an application, and nothing that runs", () => {
  const problems = (uri: string) => inputProblems(TOOL, { environmentId: "env_1", uri });
  for (const uri of ["com.example.app:/login", "javascript:0", "http://app.example.com/login"]) {
    assertEquals(problems(uri), [
      "uri: Must be https, or http on localhost, 127.0.0.1 or [::1]; lower-case scheme and host, no user, " +
      "no #fragment",
    ]);
  }
});

test("set_initiate_login_uri refuses an environment that does not exist", async () => {
  const input = { environmentId: "env_0", uri: "https://app.example.com/login" };
  assertEquals((await assertRejects(() => callTool(TOOL, input), AppError)).code, "not_found");
});
