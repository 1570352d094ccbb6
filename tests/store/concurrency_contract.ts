/** The contract of several instances on one database as tests, for every backend that one process can open several times. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { OpenStoreOptions, Store } from "../../store/mod.ts";
import type { NewOrganizationUser } from "../../store/workspace.ts";

const now = () => new Date();
const TIMES = Array.from({ length: 12 }, (_, n) => n);

/** Registers the contract tests; `newLocation` gives each of them a database of its own. */
export function describeConcurrency(
  name: string,
  newLocation: () => string,
  open: (location: string, options: OpenStoreOptions) => Promise<Store>,
): void {
  function scene(behaviour: string, run: (stores: readonly Store[]) => Promise<void>): void {
    test(`${name}: ${behaviour}`, async () => {
      const location = newLocation();
      // At once, and on an empty database.
      const stores = await Promise.all([1, 2, 3].map(() => open(location, { now })));
      try {
        await run(stores);
      } finally {
        await Promise.all(stores.map((store) => store.close()));
      }
    });
  }

  /** Runs an attempt many times on every instance, all at once. */
  async function contend<T>(
    stores: readonly Store[],
    attempt: (store: Store, n: number) => Promise<T>,
  ) {
    const attempts = TIMES.flatMap((n) => stores.map((store) => attempt(store, n)));
    const results = await Promise.allSettled(attempts);
    const won = results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
    const refusals = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason] : []
    );
    return { won, refusals };
  }

  /** Nothing but a refusal in words for the caller may come of losing a race. */
  function assertConflicts(refusals: readonly unknown[], reasons: readonly string[]): void {
    for (const error of refusals) {
      assert(error instanceof AppError, String(error));
      assert(reasons.includes(error.reason), `${error.code} ${error.reason}`);
      assertEquals(error.code, "conflict");
    }
  }

  async function organizationOf({ workspace }: Store): Promise<[string, string]> {
    const { items: [environment] } = await workspace.listEnvironments({ pageSize: 1 });
    const { id } = await workspace.createOrganization(environment!.id, { displayName: "Shared" });
    return [environment!.id, id];
  }

  scene("instances that start at once seed once", async (stores) => {
    const lists = await Promise.all(
      stores.map(({ workspace }) => workspace.listEnvironments({ pageSize: 10 })),
    );
    assertEquals(lists[0]!.totalSize, 2);
    for (const list of lists) assertEquals(list, lists[0]);
  });

  scene("of many that take one external id at once, one gets it", async (stores) => {
    const [environmentId] = await organizationOf(stores[0]!);
    const { won, refusals } = await contend(
      stores,
      ({ workspace }, n) =>
        workspace.createOrganization(environmentId, {
          displayName: "Wanted",
          externalId: `wanted-${n % 3}`,
        }),
    );
    assertEquals(won.map(({ externalId }) => externalId).sort(), [
      "wanted-0",
      "wanted-1",
      "wanted-2",
    ]);
    assertConflicts(refusals, ["external_id_taken"]);
  });

  scene(
    "one person who is added everywhere at once is one user and a member once",
    async (stores) => {
      const [environmentId, organizationId] = await organizationOf(stores[0]!);
      const { id: otherId } = await stores[0]!.workspace.createOrganization(environmentId, {
        displayName: "Other",
      });
      const { won, refusals } = await contend(
        stores,
        ({ workspace }, n) =>
          workspace.createOrganizationUser(environmentId, n % 2 ? organizationId : otherId, {
            email: "same@example.com",
            roles: [],
          }),
      );
      assertEquals(won.length, 2);
      assertEquals(new Set(won.map(({ id }) => id)).size, 1);
      assertConflicts(refusals, ["member_already"]);
    },
  );

  scene("imports of the same people in opposite order all end", async (stores) => {
    const [environmentId, organizationId] = await organizationOf(stores[0]!);
    const people: NewOrganizationUser[] = TIMES.map((n) => ({
      email: `person${n}@example.com`,
      externalId: `hr-${n}`,
      roles: [],
    }));
    const imports = await Promise.all(
      stores.flatMap(({ workspace }) =>
        [people, people.toReversed()].map((users) =>
          workspace.importOrganizationUsers(
            environmentId,
            organizationId,
            users.map((user, row) => ({ row, user })),
          )
        )
      ),
    );
    const added = imports.flat().filter((result) => "user" in result);
    assertEquals(added.length, people.length);
    const { totalSize } = await stores[1]!.workspace.listOrganizationUsers(
      environmentId,
      organizationId,
      { pageSize: 1 },
    );
    assertEquals(totalSize, people.length);
  });

  scene("a code is consumed once and a proof is claimed once", async (stores) => {
    const expiresAt = Date.now() + 60_000;
    await stores[0]!.authorizationState.put("Code", "c", { payload: {}, expiresAt });
    const codes = await contend(stores, (store) => store.authorizationState.consume("Code", "c"));
    assertEquals(codes.won.filter(Boolean).length, 1);
    const proofs = await contend(stores, (store) => store.replay.claim("proof", expiresAt));
    assertEquals(proofs.won.filter(Boolean).length, 1);
    assertEquals([...codes.refusals, ...proofs.refusals], []);
  });

  scene("a secret that all keep at once is the same everywhere", async (stores) => {
    const { won } = await contend(stores, (store, n) => store.secrets.keep("keys", `value ${n}`));
    assertEquals(won.length, TIMES.length * stores.length);
    assertEquals(new Set(won).size, 1);
  });

  scene("settings that are changed at once are all kept", async (stores) => {
    const [environmentId, organizationId] = await organizationOf(stores[0]!);
    const names = ["sso", "dir_sync"] as const;
    const { refusals } = await contend(
      stores,
      ({ workspace }, n) =>
        workspace.updateOrganizationSettings(environmentId, organizationId, [
          { name: names[n % 2]!, enabled: true },
        ]),
    );
    assertEquals(refusals, []);
    const { settings } = await stores[1]!.workspace.getOrganization(environmentId, organizationId);
    assert(settings.features.every(({ enabled }) => enabled));
  });
}
