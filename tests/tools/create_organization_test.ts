import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

const environmentId = "env_1";

test("create_organization returns the organization, and the list has it first", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const created = await callTool("create_organization", {
      environmentId,
      displayName: "Größe & Söhne",
      externalId: "crm-17",
      metadata: { plan: "free", note: "" },
    }, { workspace });
    const { id, ...rest } = created;
    assertMatch(id, /^org_[A-Za-z0-9]{1,28}$/);
    assertEquals(rest, {
      environmentId,
      displayName: "Größe & Söhne",
      externalId: "crm-17",
      metadata: { plan: "free", note: "" },
      settings: {
        features: [{ name: "sso", enabled: false }, { name: "dir_sync", enabled: false }],
      },
      createTime: NOW.toISOString(),
      updateTime: NOW.toISOString(),
    });
    const { organizations } = await callTool(
      "list_organizations",
      { environmentId, pageSize: 1 },
      { workspace },
    );
    assertEquals(organizations[0].id, id);
  }));

test("create_organization refuses an external id that is taken, and creates nothing", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const error = await assertRejects(
      () =>
        callTool("create_organization", {
          environmentId,
          displayName: "Halden again",
          externalId: "halden",
        }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
    const { totalSize } = await callTool("list_organizations", { environmentId }, { workspace });
    assertEquals(totalSize, 3);
  }));

test("create_organization lets one external id be used in each environment", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const input = { environmentId, displayName: "Halden", externalId: "halden" };
    const { externalId } = await callTool("create_organization", input, { workspace });
    assertEquals(externalId, "halden");
  }));

test("create_organization refuses an environment that does not exist", async () => {
  const error = await assertRejects(
    () => callTool("create_organization", { environmentId, displayName: "Acme" }),
    AppError,
  );
  assertEquals(error.code, "not_found");
});

test("create_organization bounds metadata in pairs, keys and values", () => {
  const problems = (metadata: unknown) =>
    inputProblems("create_organization", { environmentId, displayName: "Acme", metadata });
  const pairs = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, "value"]));
  assertEquals(problems(pairs(30)), []);
  assertEquals(problems(pairs(31)), ["metadata: Must hold at most 30 pairs"]);
  assertEquals(problems({ ["k".repeat(64)]: "v".repeat(256) }), []);
  for (
    const metadata of [
      { ["k".repeat(65)]: "v" },
      { k: "v".repeat(257) },
      { "": "v" },
      { k: "a\u0000b" },
      { "k\u001b": "v" },
      { k: "a\u202eb" },
      { k: 1 },
      { k: null },
      ["v"],
      "k=v",
    ]
  ) assert(problems(metadata).length > 0, JSON.stringify(metadata));
});

test("create_organization refuses what it does not know, instead of dropping it", () => {
  const input = { environmentId, displayName: "Acme", organizationName: "Acme" };
  assertEquals(inputProblems("create_organization", input).length, 1);
});
