/** What the contract tests share: a scene to play in, and ways to look at refusals and lists. */

import { after, test } from "node:test";
import { assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { AppError, type ErrorCode } from "../../errors.ts";
import type { Store } from "../../store/mod.ts";
import type { Page, Workspace } from "../../store/workspace.ts";

/** What a test works with: the workspace, two of its environments, and an organization made for the test. */
export interface Scene {
  readonly workspace: Workspace;
  readonly environmentId: string;
  readonly otherEnvironmentId: string;
  readonly organizationId: string;
}

/** Registers one test under a behaviour's name. */
export type RegisterScene = (behaviour: string, run: (scene: Scene) => Promise<void>) => void;

/** Behaviours that a backend cannot have, with a word of the error that comes instead. */
export type Exceptions = Readonly<Record<string, RegExp>>;

/** Gives each test a store of its own, which has at least two environments. */
export function scenesOf(
  name: string,
  open: () => Promise<Store>,
  exceptions: Exceptions = {},
): RegisterScene {
  const left = new Set(Object.keys(exceptions));
  after(() => assertEquals([...left], [], `${name}: exceptions that are no behaviours`));
  return (behaviour, run) => {
    const exception = exceptions[behaviour];
    left.delete(behaviour);
    test(exception ? `${name}: (not) ${behaviour}` : `${name}: ${behaviour}`, async () => {
      const store = await open();
      try {
        const { workspace } = store;
        const { items } = await workspace.listEnvironments({ pageSize: 2 });
        const [environmentId, otherEnvironmentId] = items.map(({ id }) => id) as [string, string];
        const { id } = await workspace.createOrganization(environmentId, { displayName: "Scene" });
        const running = run({ workspace, environmentId, otherEnvironmentId, organizationId: id });
        // What works after all must leave the list, or nobody would see it break.
        if (exception) assertMatch(String(await assertRejects(() => running)), exception);
        else await running;
      } finally {
        await store.close();
      }
    });
  };
}

/** Asserts that a call is refused with the code, and returns the error. */
export async function refused(code: ErrorCode, call: () => Promise<unknown>): Promise<AppError> {
  const error = await assertRejects(call, AppError);
  assertEquals(error.code, code, `${error.code}: ${error.message}`);
  return error;
}

/** Reads a list to its end, asserting on the way that no item comes twice. */
export async function everyItem<T extends { readonly id: string }>(
  read: (pageToken: string | undefined) => Promise<Page<T>>,
): Promise<T[]> {
  const items = new Map<string, T>();
  let pageToken: string | undefined;
  do {
    const page = await read(pageToken);
    for (const item of page.items) {
      assertFalse(items.has(item.id), `${item.id} comes twice`);
      items.set(item.id, item);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return [...items.values()];
}
