import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, environmentNamed } from "../support/tools.ts";

test("list_environment_connections lists the environment's and its organizations', newest first", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const { connections, totalSize } = await callTool(
      "list_environment_connections",
      { environmentId },
      { workspace },
    );
    assertEquals(
      connections.map((found: Record<string, unknown>) => [
        found["keyId"],
        found["provider"],
        found["type"],
        found["status"],
        found["enabled"],
        found["organizationName"],
      ]),
      [
        ["notion", "CUSTOM", "API_KEY", "COMPLETED", true, undefined],
        ["github", "GITHUB", "OAUTH", "COMPLETED", true, undefined],
        ["halden-entra", "MICROSOFT_AD", "OIDC", "COMPLETED", false, "Halden Shipping"],
        ["kestrel-okta", "OKTA", "SAML", "COMPLETED", true, "Kestrel Robotics"],
        ["google", "GOOGLE", "OIDC", "COMPLETED", true, undefined],
      ],
    );
    assertEquals(totalSize, 5);
    for (const found of connections) assert(!("settings" in found));
  }));

test("list_environment_connections shows no other environment's, and pages", () =>
  withConnections(async ({ workspace }) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const page = { environmentId, pageSize: 3 };
    const first = await callTool("list_environment_connections", page, { workspace });
    const second = await callTool(
      "list_environment_connections",
      { ...page, pageToken: first.nextPageToken },
      { workspace },
    );
    assertEquals(
      [...first.connections, ...second.connections].map(({ keyId }: { keyId: string }) => keyId),
      ["github-dev", "juniper-okta", "kestrel-simulator", "email-code"],
    );
    assertEquals([first.totalSize, second.nextPageToken], [4, undefined]);
  }));

test("list_environment_connections refuses an environment that does not exist", async () => {
  const error = await assertRejects(
    () => callTool("list_environment_connections", { environmentId: "env_0" }),
    AppError,
  );
  assertEquals(error.code, "not_found");
});
