import { test } from "node:test";

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, withWorkspace } from "../support/tools.ts";

test("list_environment_scopes returns the scopes of one environment, page by page", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, pageSize: 2 };
    const first = await callTool("list_environment_scopes", input, { workspace });
    const { nextPageToken: pageToken } = first;
    const second = await callTool("list_environment_scopes", { ...input, pageToken }, {
      workspace,
    });
    assertEquals([first.totalSize, second.nextPageToken], [3, undefined]);
    const [{ id, ...scope }] = second.scopes;
    assertMatch(id, /^scp_[A-Za-z0-9]{1,28}$/);
    assertEquals(scope, {
      environmentId,
      name: "invoice:write",
      description: "Pay and cancel invoices of your organization",
      enabled: true,
      createTime: "2025-01-06T09:00:00.000Z",
      updateTime: "2025-01-06T09:00:00.000Z",
    });
  }));

test("list_environment_scopes takes no page token of another list or environment", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const list = (name: string, input: object) =>
      callTool(name, { environmentId, ...input }, { workspace });
    const { nextPageToken: ofRoles } = await list("list_environment_roles", { pageSize: 1 });
    const other = { environmentId: await environmentNamed(workspace, "Development"), pageSize: 1 };
    const { nextPageToken: ofOthers } = await list("list_environment_scopes", other);
    for (const pageToken of [ofRoles, ofOthers]) {
      const error = await assertRejects(
        () => list("list_environment_scopes", { pageToken }),
        AppError,
      );
      assertEquals(error.code, "invalid_input");
    }
  }));
