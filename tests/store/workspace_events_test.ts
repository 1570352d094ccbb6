import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { openStore } from "../../store/mod.ts";
import type { Workspace } from "../../store/workspace.ts";
import { createWorkspaceEvents, observed } from "../../store/workspace_events.ts";
import type { WorkspaceChange } from "../../store/workspace_events.ts";

async function withObserved(
  run: (workspace: Workspace, changes: WorkspaceChange[], plain: Workspace) => Promise<void>,
): Promise<void> {
  const store = await openStore("sqlite::memory:", { now: () => new Date() });
  const events = createWorkspaceEvents();
  const changes: WorkspaceChange[] = [];
  events.subscribe((change) => void changes.push(change));
  try {
    await run(observed(store.workspace, events), changes, store.workspace);
  } finally {
    await store.close();
  }
}

test("each write is told by what it changed, and a read never", () =>
  withObserved(async (workspace, changes) => {
    const { items: [environment] } = await workspace.listEnvironments({ pageSize: 1 });
    const environmentId = environment!.id;
    await workspace.getEnvironment(environmentId);
    await workspace.listOrganizations(environmentId, { pageSize: 1 });
    await workspace.listWorkspaceMembers({ pageSize: 1 });
    assertEquals(changes, []);

    const { id: organizationId } = await workspace.createOrganization(environmentId, {
      displayName: "Acme",
    });
    assertEquals(changes.splice(0), [{ kind: "organizations", environmentId }]);

    const person = { email: "ada@acme.example", roles: ["member"] };
    await workspace.createOrganizationUser(environmentId, organizationId, person);
    assertEquals(changes.splice(0), [{ kind: "users", environmentId, organizationId }]);

    await workspace.updateOrganizationSettings(environmentId, organizationId, [
      { name: "sso", enabled: true },
    ]);
    assertEquals(changes.splice(0).map(({ kind }) => kind), ["organization", "organizations"]);

    await workspace.inviteWorkspaceMember({ email: "bo@acme.example", role: "USER" });
    assertEquals(changes.splice(0), [{ kind: "members" }]);
  }));

test("a write that failed is not told", () =>
  withObserved(async (workspace, changes) => {
    await assertRejects(() => workspace.createOrganization("env_nope", { displayName: "Acme" }));
    assertEquals(changes, []);
  }));

test("every method of the workspace is there, and a write that is not known yet is told of by its ids", async () => {
  const changes: WorkspaceChange[] = [];
  const events = createWorkspaceEvents();
  events.subscribe((change) => void changes.push(change));
  const later = {
    listThings: () => Promise.resolve(1),
    renameEnvironment: () => Promise.resolve(2),
    deleteEnvironment: () => Promise.resolve(3),
    deleteOrganization: () => Promise.resolve(4),
  };
  const workspace = observed(later as never, events) as unknown as Record<
    keyof typeof later,
    (...ids: string[]) => Promise<number>
  >;
  assertEquals(Object.keys(workspace), Object.keys(later));
  const kinds = () => changes.splice(0).map(({ kind }) => kind);
  assertEquals([await workspace.listThings("env_1"), kinds()], [1, []]);
  assertEquals([await workspace.renameEnvironment("env_1"), kinds()], [
    2,
    ["environment", "organizations"],
  ]);
  assertEquals([await workspace.deleteEnvironment("env_1"), kinds()], [
    3,
    ["environment", "organizations", "environments"],
  ]);
  assertEquals([await workspace.deleteOrganization("env_1", "org_1"), kinds()], [
    4,
    ["organization", "organizations", "users"],
  ]);
});

test("who has unsubscribed hears no more", () => {
  const events = createWorkspaceEvents();
  let heard = 0;
  const listener = () => void (heard += 1);
  const first = events.subscribe(listener);
  events.subscribe(listener);
  events.publish({ kind: "members" });
  first();
  first();
  events.publish({ kind: "members" });
  assertEquals(heard, 3);
});
