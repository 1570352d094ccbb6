import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, environmentNamed } from "../support/tools.ts";

const NAME = "get_connected_account";

test("get_connected_account shows the account and when its token expires", () =>
  withConnections(async ({ workspace, environmentId, account, connection }) => {
    const { id: connectedAccountId } = await account("mira@kestrel.example");
    const found = await callTool(NAME, { environmentId, connectedAccountId }, { workspace });
    const { id: connectionId } = await connection("github");
    assertEquals(found, {
      id: connectedAccountId,
      environmentId,
      identifier: "mira@kestrel.example",
      provider: "GITHUB",
      connector: "github",
      connectionId,
      status: "EXPIRED",
      authorizationType: "OAUTH",
      tokenExpireTime: "2025-01-06T17:00:00.000Z",
      lastUsedTime: "2025-01-06T16:50:00.000Z",
      createTime: "2025-01-06T09:00:00.000Z",
      updateTime: "2025-01-06T09:00:00.000Z",
    });
  }));

test("get_connected_account finds none of another environment", () =>
  withConnections(async ({ workspace, account }) => {
    const { id: connectedAccountId } = await account("mira@kestrel.example");
    const environmentId = await environmentNamed(workspace, "Development");
    const error = await assertRejects(
      () => callTool(NAME, { environmentId, connectedAccountId }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));
