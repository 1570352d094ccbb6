/** Who may be revoked for how long, how far it reached, and what the audit log is told. */

import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createAccessControl } from "../../auth/access_control.ts";
import type { AccessControlOptions, RevocationRequest } from "../../auth/access_control.ts";
import { recordingRevocations } from "../../auth/revocation_audit.ts";
import { openStore } from "../../store/mod.ts";
import type { AuditEvent } from "../../store/audit.ts";
import type { Store } from "../../store/mod.ts";
import { MAX_REASON_LENGTH } from "../../store/revocation.ts";

const ISSUER = "https://issuer.example";
const NOW = new Date("2026-09-01T12:00:00Z");
const SECONDS = NOW.getTime() / 1000;
const TERMS = { issuer: ISSUER, maxLifetime: 3600, clockTolerance: 30 };

async function withAccess(
  run: (
    make: (changes?: Partial<AccessControlOptions>) => ReturnType<typeof createAccessControl>,
    store: Store,
  ) => Promise<void>,
): Promise<void> {
  const store = await openStore("sqlite::memory:", { now: () => NOW, seed: false });
  try {
    await run((changes = {}) =>
      createAccessControl({
        terms: [TERMS],
        store: store.revocations,
        now: () => NOW,
        waitMs: 50,
        ...changes,
      }), store);
  } finally {
    await store.close();
  }
}

function request(changes: Partial<RevocationRequest> = {}): RevocationRequest {
  return {
    target: { kind: "client", issuer: ISSUER, clientId: "c" },
    reason: "a test",
    actor: "cli",
    ...changes,
  };
}
const token = { kind: "token", issuer: ISSUER, tokenId: "t" } as const;

const other = { kind: "client", issuer: ISSUER, clientId: "other" } as const;

test("a revocation is remembered until all that it ends has expired, clocks included", () =>
  withAccess(async (make) => {
    const grants = make({ terms: [{ ...TERMS, grantLifetime: 86_400 }] });
    const expiry = async (changes: Partial<RevocationRequest>, access = make()) => {
      const { revocation } = await access.revoke(request(changes));
      return revocation.expiresAt && revocation.expiresAt / 1000 - SECONDS;
    };
    assertEquals(await expiry({}), undefined);
    // Nobody verified what is said of the token's end: it must not let the token live on.
    const said = [["t", undefined, 3660], ["u", 0, 3660], ["v", SECONDS + 100, 3660]] as const;
    const more = [["w", SECONDS + 7200, 7230], ["x", 1e12, 90 * 86_400 + 30]] as const;
    for (const [tokenId, tokenExpiresAt, lasts] of [...said, ...more]) {
      const hint = tokenExpiresAt === undefined ? {} : { tokenExpiresAt };
      assertEquals(await expiry({ target: { ...token, tokenId }, ...hint }), lasts);
    }
    assertEquals(await expiry({ untilTokensExpire: true, target: other }), 3660);
    const until = { issuedUntil: SECONDS, target: { kind: "issuer", issuer: ISSUER } } as const;
    assertEquals(await expiry(until), 3630);
    // Where the issuer's refresh tokens are ours, they are to end too.
    assertEquals(await expiry({ ...until, issuedUntil: SECONDS - 1 }, grants), 86_429);
  }));

test("what makes no sense is refused, and nothing is revoked", () =>
  withAccess(async (make, store) => {
    const bad: Partial<RevocationRequest>[] = [
      { target: { kind: "client", issuer: `${ISSUER}/`, clientId: "c" } },
      { target: { kind: "client", issuer: ISSUER, clientId: "" } },
      { target: { kind: "subject", issuer: ISSUER, subject: "a\u202eb" } },
      { target: { kind: "issuer", issuer: ISSUER } },
      { target: token, issuedUntil: SECONDS },
      { issuedUntil: SECONDS + 3600 },
      { issuedUntil: NaN },
      { reason: "" },
      { reason: "two\nlines" },
      { reason: "x".repeat(MAX_REASON_LENGTH + 1) },
    ];
    for (const changes of bad) {
      const error = await assertRejects(() => make().revoke(request(changes)), AppError);
      assertEquals(error.code, "invalid_input", JSON.stringify(changes));
    }
    assertEquals(await store.revocations.list(), []);
  }));

test("a change tells how many of the living instances enforce it", () =>
  withAccess(async (make, { revocations }) => {
    const access = make();
    const none = await access.revoke(request());
    assertEquals([none.confirmed, none.instances], [0, 0]);
    await revocations.acknowledge("slow", 1);
    await revocations.acknowledge("quick", 9);
    const some = await access.restore(none.revocation.id, "cli");
    assertEquals([some.confirmed, some.instances], [1, 2]);
    await revocations.acknowledge("slow", 2);
    const waiting = make({ waitMs: 10_000 }).revoke(request());
    await revocations.acknowledge("slow", 3);
    const { confirmed, instances } = await waiting;
    assertEquals([confirmed, instances], [2, 2]);
  }));

test("the audit log is told who ended what and who gave it back, and of a token no more than its fingerprint", () =>
  withAccess(async (make, store) => {
    const events: AuditEvent[] = [];
    const audit = {
      record: (event: AuditEvent) => void events.push(event),
      commit: (event: AuditEvent) => Promise.resolve(void events.push(event)),
      fingerprint: (text: string) => `fingerprint of ${text.length}`,
    };
    const access = make({
      audit,
      store: recordingRevocations(store.revocations, audit, () => NOW),
    });
    const { revocation: { id } } = await access.revoke(request({ target: token }));
    await access.restore(id, "operator");
    const seen = events.map(({ event, actor, details }) => [event, actor, details]);
    const expiresAt = (SECONDS + 3660) * 1000;
    assertEquals(seen, [
      ["access.revoked", "cli", {
        revocation: id,
        ...token,
        tokenId: "fingerprint of 1",
        why: "a test",
        expiresAt,
      }],
      ["access.restored", "operator", { revocation: id }],
    ]);
  }));

test("nothing is recorded as restored that was not", () =>
  withAccess(async (make, store) => {
    const events: AuditEvent[] = [];
    const audit = {
      record: (event: AuditEvent) => void events.push(event),
      commit: (event: AuditEvent) => Promise.resolve(void events.push(event)),
      fingerprint: () => "",
    };
    const restore = (id: string, access = make({ audit })) =>
      assertRejects(() => access.restore(id, "cli"), AppError);
    assertEquals((await restore("rev_00000000000000000000000000")).code, "not_found");
    assertEquals(events, []);

    const { revocation: { id } } = await make().revoke(request());
    const remove = () => Promise.reject(new AppError("unavailable", "Later", { reason: "slow" }));
    await restore(id, make({ audit, store: { ...store.revocations, remove } }));
    assertEquals(events.map(({ decision, reason }) => [decision, reason]), [
      ["allow", "ok"],
      ["fail", "slow"],
    ]);
    assertEquals((await store.revocations.list()).length, 1);
  }));

test("what has expired is not shown, though the store keeps it for a day", () =>
  withAccess(async (make, store) => {
    await store.revocations.add({ ...request(), expiresAt: NOW.getTime() });
    assertEquals([(await make().list()).length, (await store.revocations.list()).length], [0, 1]);
  }));

test("access does not come back where that cannot be recorded", () =>
  withAccess(async (make, store) => {
    const audit = {
      record: () => {},
      commit: () => Promise.reject(new AppError("unavailable", "no room")),
      fingerprint: () => "",
    };
    const access = make({ audit });
    const { revocation: { id } } = await access.revoke(request());
    await assertRejects(() => access.restore(id, "cli"), AppError, "no room");
    assertEquals((await store.revocations.list()).length, 1);
  }));
