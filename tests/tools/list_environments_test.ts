import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, inputProblems, withWorkspace } from "../support/tools.ts";

test("list_environments returns the environments with their custom domains", async () => {
  const { environments, totalSize, nextPageToken } = await callTool("list_environments", {});
  assertEquals(
    environments.map(({ displayName, type, customDomain }: Record<string, string>) => [
      displayName,
      type,
      customDomain,
    ]),
    [["Development", "DEV", undefined], ["Production", "PRD", "login.gatehouse.example"]],
  );
  assertEquals([totalSize, nextPageToken], [2, undefined]);
});

test("list_environments pages with the token of the page before", () =>
  withWorkspace(async (workspace) => {
    const first = await callTool("list_environments", { pageSize: 1 }, { workspace });
    assertEquals([first.environments.length, first.totalSize], [1, 2]);
    const second = await callTool(
      "list_environments",
      { pageSize: 1, pageToken: first.nextPageToken },
      { workspace },
    );
    assertEquals(second.environments[0].displayName, "Production");
    assertEquals(second.nextPageToken, undefined);
  }));

test("list_environments refuses a page token that was not issued", async () => {
  const error = await assertRejects(
    () => callTool("list_environments", { pageToken: "2" }),
    AppError,
  );
  assertEquals(error.code, "invalid_input");
});

test("list_environments refuses a page size outside 1 to 100 and does not convert one", () => {
  for (const pageSize of [0, -1, 101, 1.5, "20", null, Number.NaN]) {
    assertEquals(inputProblems("list_environments", { pageSize }).length, 1, `${pageSize}`);
  }
  for (const pageSize of [1, 100]) {
    assertEquals(inputProblems("list_environments", { pageSize }), []);
  }
});
