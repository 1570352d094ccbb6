import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("search_organizations finds by name, external id and id, in one environment", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const search = async (query: string) => {
      const found = await callTool("search_organizations", { environmentId, query }, { workspace });
      assertEquals(found.totalSize, found.organizations.length);
      return found.organizations;
    };
    const [kestrel] = await search("KESTREL rob");
    assertEquals(kestrel.externalId, "kestrel");
    assertEquals(await search(kestrel.id), [kestrel]);
    assertEquals((await search("bäck"))[0].displayName, "Bäckerei Sommer");
    assertEquals(await search("juniper"), []);
    assertEquals("metadata" in kestrel, false);
  }));

test("search_organizations goes on page by page", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const search = { environmentId, query: "ing", pageSize: 1 };
    for (const displayName of ["Booking", "Banking"]) {
      await callTool("create_organization", { environmentId, displayName }, { workspace });
    }
    const names: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await callTool(
        "search_organizations",
        { ...search, ...(pageToken && { pageToken }) },
        { workspace },
      );
      names.push(page.organizations[0].displayName);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    assertEquals(names, ["Banking", "Booking", "Halden Shipping"]);
  }));

test("search_organizations takes 3 to 100 letters", () => {
  const problems = (query: unknown) =>
    inputProblems("search_organizations", { environmentId: "env_1", query }).length;
  for (const query of ["abc", "x".repeat(100)]) assertEquals(problems(query), 0);
  for (const query of [undefined, "", "ab", "x".repeat(101), " ab ", "a\nb"]) {
    assertEquals(problems(query) > 0, true, JSON.stringify(query));
  }
});
