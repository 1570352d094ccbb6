import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, withWorkspace } from "../support/tools.ts";

test("list_redirect_uris returns both kinds and where a sign-in starts", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const createTime = "2025-01-06T09:00:00.000Z";
    assertEquals(await callTool("list_redirect_uris", { environmentId }, { workspace }), {
      initiateLoginUri: "https://app.gatehouse.example/login",
      uris: [
        { kind: "REDIRECT", uri: "https://app.gatehouse.example/callback", createTime },
        { kind: "REDIRECT", uri: "com.example.gatehouse:/callback", createTime },
        { kind: "POST_LOGOUT_REDIRECT", uri: "https://app.gatehouse.example/", createTime },
      ],
      totalSize: 3,
    });
  }));

test("list_redirect_uris says nothing of a start of sign-in that is not set", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const list = await callTool("list_redirect_uris", { environmentId, pageSize: 1 }, {
      workspace,
    });
    assertEquals("initiateLoginUri" in list, false);
    assertEquals([list.uris.length, list.totalSize, typeof list.nextPageToken], [1, 2, "string"]);
  }));

test("list_redirect_uris refuses an environment that does not exist", async () => {
  const error = await assertRejects(
    () => callTool("list_redirect_uris", { environmentId: "env_0" }),
    AppError,
  );
  assertEquals(error.code, "not_found");
});
