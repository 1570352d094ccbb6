import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import type { Progress, ToolContext } from "../../tools/registry.ts";
import {
  callTool,
  environmentNamed,
  inputProblems,
  NOW,
  organizationNamed,
  withWorkspace,
} from "../support/tools.ts";

/** An organization of two users to import into. */
async function halden(workspace: Workspace) {
  const environmentId = await environmentNamed(workspace, "Production");
  const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
  return {
    call: (input: Record<string, unknown>, overrides: Partial<ToolContext> = {}) =>
      callTool(
        "import_organization_users",
        { environmentId, organizationId, ...input },
        { workspace, ...overrides },
      ),
    async size(): Promise<number> {
      const { totalSize } = await callTool(
        "list_organization_users",
        { environmentId, organizationId },
        { workspace },
      );
      return totalSize;
    },
  };
}

function people(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    email: `person${index + 1}@halden.example`,
    roles: ["member"],
  }));
}

test("import_organization_users adds 500 users and reports each batch of 25", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    const seen: Progress[] = [];
    const progress = (step: Progress) => {
      seen.push(step);
      return Promise.resolve();
    };
    assertEquals(await call({ users: people(500) }, { progress }), {
      completed: true,
      addedCount: 500,
      failedRows: [],
    });
    assertEquals(await size(), 502);
    assertEquals(seen.length, 20);
    assertEquals(seen[0], { progress: 25, total: 500, message: "25 of 500 rows" });
    assertEquals(seen.at(-1), { progress: 500, total: 500, message: "500 of 500 rows" });
  }));

test("import_organization_users reports refused rows and adds the others", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    const users = [
      ...people(29),
      { email: "ingrid@halden.example", roles: ["admin"] },
      { email: "PERSON1@halden.example", roles: ["member"] },
      { email: "last@halden.example", roles: ["member"] },
    ];
    const { failedRows, ...summary } = await call({ users });
    assertEquals(summary, { completed: true, addedCount: 30 });
    assertEquals(
      failedRows.map(({ row, email, code }: Record<string, unknown>) => [row, email, code]),
      [[30, "ingrid@halden.example", "conflict"], [31, "PERSON1@halden.example", "conflict"]],
    );
    assert(failedRows.every(({ message }: { message: string }) => message.length > 0));
    assertEquals(await size(), 32);
  }));

test("import_organization_users reports a row whose role does not exist and adds the others", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    const users = [...people(1), { email: "guest@halden.example", roles: ["guest"] }];
    const { addedCount, failedRows } = await call({ users });
    assertEquals([addedCount, failedRows.length], [1, 1]);
    const [{ row, code, message }] = failedRows;
    assertEquals([row, code], [2, "invalid_input"]);
    assert(message.includes('no role "guest"; take from admin, member, billing'), message);
    assertEquals(await size(), 3);
  }));

test("import_organization_users stops between batches when the caller is gone, and can be resumed", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    const users = people(60);
    const caller = new AbortController();
    const logged: unknown[] = [];
    const stopped = await call({ users }, {
      signal: caller.signal,
      progress: ({ progress }) => {
        if (progress === 50) caller.abort();
        return Promise.resolve();
      },
      log: (message, properties) => logged.push([message, properties?.["nextRow"]]),
    });
    assertEquals(stopped, { completed: false, addedCount: 50, failedRows: [], nextRow: 51 });
    assertEquals(logged, [["import stopped early", 51]]);
    assertEquals(await size(), 52);

    const resumed = await call({ users, startRow: stopped.nextRow });
    assertEquals(resumed, { completed: true, addedCount: 10, failedRows: [] });
    assertEquals(await size(), 62);
  }));

test("import_organization_users adds nothing for a caller who is gone before it starts", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    const result = await call({ users: people(3), startRow: 2 }, { signal: AbortSignal.abort() });
    assertEquals(result, { completed: false, addedCount: 0, failedRows: [], nextRow: 2 });
    assertEquals(await size(), 2);
  }));

test("import_organization_users answers in time when the work is slow", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    let seconds = 0;
    const slow: Partial<ToolContext> = {
      now: () => new Date(NOW.getTime() + seconds * 1000),
      progress: () => {
        seconds += 30;
        return Promise.resolve();
      },
    };
    const result = await call({ users: people(100) }, slow);
    assertEquals(result, { completed: false, addedCount: 50, failedRows: [], nextRow: 51 });
    assertEquals(await size(), 52);
  }));

test("import_organization_users can be repeated without adding anybody twice", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    const users = people(30).map((user, index) => ({ ...user, externalId: `hr-${index}` }));
    await call({ users });
    const { addedCount, failedRows } = await call({ users });
    assertEquals([addedCount, failedRows.length], [0, 30]);
    assertEquals(
      new Set(failedRows.map(({ code }: { code: string }) => code)),
      new Set(["conflict"]),
    );
    assertEquals(await size(), 32);
  }));

test("import_organization_users counts rows from the whole list when it is resumed", () =>
  withWorkspace(async (workspace) => {
    const { call } = await halden(workspace);
    const users = [...people(2), { email: "ingrid@halden.example", roles: ["admin"] }];
    const { failedRows } = await call({ users, startRow: 3 });
    assertEquals(failedRows[0].row, 3);
  }));

test("import_organization_users refuses a start past the end", () =>
  withWorkspace(async (workspace) => {
    const { call, size } = await halden(workspace);
    const error = await assertRejects(() => call({ users: people(2), startRow: 3 }), AppError);
    assertEquals(error.code, "invalid_input");
    assertEquals(await size(), 2);
  }));

test("import_organization_users refuses an organization that does not exist as a whole", () =>
  withWorkspace(async (workspace) => {
    const { call } = await halden(workspace);
    const error = await assertRejects(
      () => call({ organizationId: "org_0", users: people(1) }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("import_organization_users takes 1 to 500 rows and names the wrong one", () => {
  const problems = (users: unknown) =>
    inputProblems("import_organization_users", {
      environmentId: "env_1",
      organizationId: "org_1",
      users,
    });
  assertEquals(problems(people(500)), []);
  assertEquals(problems(people(501)).length, 1);
  assertEquals(problems([]).length, 1);
  assertEquals(problems([...people(2), { email: "nobody", roles: ["member"] }]), [
    "users.2.email: Must be an email address in ASCII, such as ada@example.com",
  ]);
});
