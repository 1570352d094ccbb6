import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

const TOOL = "add_post_logout_redirect_uri";
const uri = "com.example.app:/bye";

test("add_post_logout_redirect_uri adds to that list and to no other", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const added = await callTool(TOOL, { environmentId, uri }, { workspace });
    assertEquals(added, { kind: "POST_LOGOUT_REDIRECT", uri, createTime: NOW.toISOString() });
    const { uris } = await callTool("list_redirect_uris", { environmentId }, { workspace });
    assertEquals(uris.filter((listed: typeof added) => listed.uri === uri), [added]);
    const error = await assertRejects(
      () => callTool(TOOL, { environmentId, uri }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
  }));

test("add_post_logout_redirect_uri takes the same forms as add_redirect_uri", () => {
  for (const uri of ["https://app.example.com/", "http://localhost:3000/", "com.example.app:/"]) {
    assertEquals(inputProblems(TOOL, { environmentId: "env_1", uri }), []);
  }
  for (
    const uri of ["javascript:0", "file:///", "http://app.example.com/", "https://a.example/#"]
  ) {
    assertEquals(inputProblems(TOOL, { environmentId: "env_1", uri }).length, 1, uri);
  }
});
