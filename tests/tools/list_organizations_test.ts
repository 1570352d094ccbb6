import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("list_organizations lists one environment only, newest first", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const { organizations, totalSize } = await callTool(
      "list_organizations",
      { environmentId },
      { workspace },
    );
    assertEquals(
      organizations.map(({ displayName }: { displayName: string }) => displayName),
      ["Juniper Health", "Kestrel Robotics"],
    );
    assertEquals(totalSize, 2);
  }));

test("list_organizations shows features and leaves metadata to the details", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const { organizations: [halden] } = await callTool(
      "list_organizations",
      { environmentId, search: "HALDEN" },
      { workspace },
    );
    assertEquals(halden.externalId, "halden");
    assertEquals(halden.settings.features, [
      { name: "sso", enabled: true },
      { name: "dir_sync", enabled: false },
    ]);
    assert(!("metadata" in halden));
  }));

test("list_organizations takes the characters of a pattern as they are", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    for (const search of ["%", "h_lden", "h%n", "halde*", "' OR 1=1 --"]) {
      const { totalSize } = await callTool(
        "list_organizations",
        { environmentId, search },
        { workspace },
      );
      assertEquals(totalSize, 0, search);
    }
  }));

test("list_organizations keeps a page token to the search it came from", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const page = { environmentId, pageSize: 1 };
    const { nextPageToken } = await callTool("list_organizations", page, { workspace });
    const next = await callTool(
      "list_organizations",
      { ...page, pageToken: nextPageToken },
      { workspace },
    );
    assertEquals(next.organizations[0].displayName, "Halden Shipping");
    const error = await assertRejects(
      () =>
        callTool(
          "list_organizations",
          { ...page, pageToken: nextPageToken, search: "e" },
          { workspace },
        ),
      AppError,
    );
    assertEquals(error.code, "invalid_input");
  }));

test("list_organizations refuses an environment that does not exist", async () => {
  const error = await assertRejects(
    () => callTool("list_organizations", { environmentId: "env_0" }),
    AppError,
  );
  assertEquals(error.code, "not_found");
});

test("list_organizations bounds the search", () => {
  const environmentId = "env_1";
  for (const search of ["", " ", "a\nb", "x".repeat(101)]) {
    assert(inputProblems("list_organizations", { environmentId, search }).length > 0, search);
  }
});
