import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, withWorkspace } from "../support/tools.ts";

test("list_users lists everybody of an environment once", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const { users, totalSize } = await callTool("list_users", { environmentId }, { workspace });
    assertEquals(totalSize, 6);
    assertEquals(users[0], {
      id: users[0].id,
      environmentId,
      email: "lena@sommer.example",
      givenName: "Lena",
      familyName: "Sommer",
      createTime: "2025-01-06T09:00:00.000Z",
      updateTime: "2025-01-06T09:00:00.000Z",
    });
  }));

test("list_users finds people by a part of their email", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, search: "KESTREL.example", pageSize: 2 };
    const first = await callTool("list_users", input, { workspace });
    const rest = await callTool(
      "list_users",
      { ...input, pageToken: first.nextPageToken },
      { workspace },
    );
    const emails = [...first.users, ...rest.users].map(({ email }: { email: string }) => email);
    assertEquals(emails, ["chen@kestrel.example", "jonas@kestrel.example", "mira@kestrel.example"]);
    const other = { ...input, search: "halden", pageToken: first.nextPageToken };
    const error = await assertRejects(() => callTool("list_users", other, { workspace }), AppError);
    assertEquals(error.code, "invalid_input");
  }));
