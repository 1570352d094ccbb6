import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, withWorkspace } from "../support/tools.ts";

test("list_revocations pages through what is revoked, newest first", () =>
  withWorkspace(async (workspace) => {
    for (const value of ["a", "b", "c"]) {
      await callTool("revoke_access", { kind: "CLIENT", value, reason: "a test" }, { workspace });
    }
    const first = await callTool("list_revocations", { pageSize: 2 }, { workspace });
    const valuesOf = (page: { revocations: { value: string }[] }) =>
      page.revocations.map(({ value }) => value);
    assertEquals([valuesOf(first), first.totalSize], [["c", "b"], 3]);
    // What comes or goes in between shifts nothing.
    await callTool("restore_access", { revocationId: first.revocations[1].id }, { workspace });
    await callTool("revoke_access", { kind: "SUBJECT", value: "d", reason: "x" }, { workspace });
    const rest = { pageSize: 2, pageToken: first.nextPageToken };
    const second = await callTool("list_revocations", rest, { workspace });
    assertEquals([valuesOf(second), second.nextPageToken], [["a"], undefined]);
  }));

test("list_revocations is empty where nothing is revoked", () =>
  withWorkspace(async (workspace) => {
    const page = await callTool("list_revocations", {}, { workspace });
    assertEquals(page, { revocations: [], totalSize: 0 });
  }));

test("list_revocations refuses a page token of another list", () =>
  withWorkspace(async (workspace) => {
    for (const pageToken of ["rev_1", "org_01JGXDFAM00000000000000002", "x"]) {
      const error = await assertRejects(
        () => callTool("list_revocations", { pageToken }, { workspace }),
        AppError,
      );
      assertEquals([error.code, error.reason], ["invalid_input", "page_token"]);
    }
  }));
