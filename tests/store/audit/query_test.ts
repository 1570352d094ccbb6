/** Reading the trail: newest first over all chains, filtered, paged, and with what is not written yet. */

import { appendFile } from "node:fs/promises";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { AppError } from "../../../errors.ts";
import type { AuditEvent, AuditQuery, AuditReader, AuditRecord } from "../../../store/audit.ts";
import { loadOrCreateAuditKeys } from "../../../store/audit/keys.ts";
import { openAuditLog } from "../../../store/audit/log.ts";
import { createMemoryStorage } from "../../../store/audit/memory.ts";
import { createMatcher } from "../../../store/audit/match.ts";
import { createReader } from "../../../store/audit/query.ts";
import { visible } from "../../../store/audit/record.ts";
import { call, createClock, withTrail } from "./support.ts";

const calls = (records: readonly AuditRecord[]) =>
  records.flatMap(({ request }) => request ? [Number(request.id.slice("request-".length))] : []);

async function allPages(reader: AuditReader, query: AuditQuery): Promise<AuditRecord[]> {
  const all: AuditRecord[] = [];
  let pageToken: string | undefined;
  for (;;) {
    const page = await reader.query({ ...query, ...(pageToken ? { pageToken } : {}) });
    assert(page.records.length <= query.limit);
    all.push(...page.records);
    if (page.nextPageToken === undefined) return all;
    pageToken = page.nextPageToken;
  }
}

const down = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, index) => from - index);

test("query() finds what this process has taken and not yet written", () =>
  withTrail(async (trail) => {
    const log = await trail.open({ flushMs: 60_000 });
    await log.commit(call(1));
    log.record(call(2));
    log.record(call(3));
    const { records, nextPageToken } = await log.query({ limit: 10, event: "tool.call" });
    assertEquals([calls(records), nextPageToken], [[3, 2, 1], undefined]);
    assertEquals(calls((await createReader(trail.storage).query({ limit: 10 })).records), [1]);
    // While a group is on its way nothing is told twice, and nothing is left out.
    const flushed = log.flush();
    for (let n = 0; n < 20; n++) {
      const page = await log.query({ limit: 10, event: "tool.call" });
      assertEquals(calls(page.records), [3, 2, 1]);
    }
    await flushed;
    await log.close();
  }));

test("query() pages through several chains and segments by time, without gap or repetition", () =>
  withTrail(async (trail) => {
    const logs = await Promise.all(
      ["a", "b", "c"].map((instance) => trail.open({ instance })),
    );
    for (let n = 1; n <= 90; n++) await logs[n * n % 3]!.commit(call(n));
    const [log] = logs;
    for (const limit of [1, 7, 90, 500]) {
      const records = await allPages(log!, { limit, event: "tool.call" });
      assertEquals(calls(records), down(90, 1), `pages of ${limit}`);
    }
    assertEquals((await trail.segments("b")).length > 3, true);
    for (const each of logs) await each.close();
  }, 4000));

test("the line of another caller is passed over unread, and that of one's own is not", () => {
  const owner = { issuer: "https://a.example", clientId: "app", subject: 'a"d\u200ba' };
  const lineOf = (principal: object) => visible(JSON.stringify({ event: "tool.call", principal }));
  for (const kind of ["user", "client"] as const) {
    const { mayMatter } = createMatcher({ limit: 1, ownedBy: { ...owner, kind } });
    assert(mayMatter(lineOf({ ...owner, kind })));
    assertFalse(mayMatter(lineOf({ ...owner, kind, clientId: "other" })));
    assertFalse(mayMatter(lineOf({})));
    assertEquals(mayMatter(lineOf({ ...owner, subject: "bob" })), kind === "client");
  }
});

test("a page token goes on where it was, whatever is written meanwhile", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    for (let n = 1; n <= 10; n++) log.record(call(n));
    const first = await log.query({ limit: 4, tool: "list_environments" });
    for (let n = 11; n <= 20; n++) await log.commit(call(n));
    const second = await log.query({
      limit: 4,
      tool: "list_environments",
      pageToken: first.nextPageToken!,
    });
    assertEquals([calls(first.records), calls(second.records)], [[10, 9, 8, 7], [6, 5, 4, 3]]);
    await log.close();
  }));

test("a page token is good for its own filters only", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    for (let n = 1; n <= 3; n++) log.record(call(n));
    const { nextPageToken } = await log.query({ limit: 1, decision: "allow" });
    const pageToken = nextPageToken!;
    const forged = (at: unknown) => {
      const token = JSON.parse(atob(pageToken.replaceAll("-", "+").replaceAll("_", "/")));
      return btoa(JSON.stringify({ ...token, at })).replaceAll("+", "-").replaceAll("/", "_")
        .replaceAll("=", "");
    };
    const refused = [
      { limit: 1, pageToken },
      { limit: 1, decision: "deny", pageToken },
      { limit: 1, decision: "allow", clientId: "x", pageToken },
      { limit: 1, decision: "allow", pageToken: "x" },
      { limit: 1, decision: "allow", pageToken: "" },
      { limit: 1, decision: "allow", pageToken: `${pageToken}=` },
      { limit: 1, decision: "allow", pageToken: forged({ "../../etc": 1 }) },
      { limit: 1, decision: "allow", pageToken: forged({ server: -1 }) },
      { limit: 1, decision: "allow", pageToken: forged({ server: "1" }) },
    ] as AuditQuery[];
    for (const query of refused) {
      const error = await assertRejects(() => log.query(query), AppError, "pageToken");
      assertEquals(error.code, "invalid_input");
    }
    // The size of a page is no filter.
    assertEquals(calls((await log.query({ limit: 2, decision: "allow", pageToken })).records), [
      2,
      1,
    ]);
    await log.close();
  }));

test("every filter keeps what it names and nothing else", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    const user = {
      issuer: "https://login.example.com/",
      kind: "user",
      subject: "ada\u202e",
      clientId: "desktop",
    } as const;
    const events: AuditEvent[] = [
      call(1),
      call(2, { principal: user, tool: { name: "create_organization", effect: "write" } }),
      call(3, { decision: "deny", reason: "insufficient_scope" }),
      call(4, { principal: { ...user, subject: "bob" } }),
      call(5, { event: "tool.intent" }),
      call(6, { principal: { ...user, issuer: "https://other.example/" } }),
      // Names of others in free text are no match.
      call(7, { details: { clientId: "desktop", tool: "create_organization" } }),
    ];
    for (const event of events) log.record(event);
    const cases: [Partial<AuditQuery>, number[]][] = [
      [{ clientId: "desktop" }, [6, 4, 2]],
      [{ subject: "ada\u202e" }, [6, 2]],
      [{ tool: "create_organization" }, [2]],
      [{ event: "tool.intent" }, [5]],
      [{ decision: "deny" }, [3]],
      [{ reason: "insufficient_scope" }, [3]],
      [{ requestId: "request-4" }, [4]],
      [{ since: call(3).time, until: call(5).time }, [4, 3]],
      [{ since: "2026-03-01T13:30:03+01:00", until: call(4).time }, [3]],
      [{ ownedBy: user }, [2]],
      [{ ownedBy: { ...user, kind: "client" } }, []],
      [{
        ownedBy: {
          issuer: user.issuer,
          kind: "client",
          subject: "whatever",
          clientId: "m2m_reporter",
        },
      }, [7, 5, 3, 1]],
      [{ clientId: "desktop", decision: "deny" }, []],
    ];
    for (const durable of [false, true]) {
      if (durable) await log.flush();
      for (const [filters, expected] of cases) {
        const { records } = await log.query({ ...filters, limit: 100 });
        assertEquals(calls(records), expected, JSON.stringify(filters));
      }
    }
    await assertRejects(() => log.query({ limit: 1, since: "yesterday" }), AppError, "since");
    await log.close();
  }));

test("query() looks at a bounded number of records for one page, and goes on with the next", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    log.record(call(7, { reason: "needle" }));
    for (let n = 0; n < 55_000; n++) {
      log.record(call(0));
      if (n % 10_000 === 0) await log.flush();
    }
    await log.flush();
    const first = await log.query({ limit: 1, reason: "needle" });
    assertEquals(first.records, []);
    const second = await log.query({ limit: 1, reason: "needle", pageToken: first.nextPageToken! });
    assertEquals(calls(second.records), [7]);
    await log.close();
  }));

test("query() passes over a line that cannot be read, and over one that is being written", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    await log.commit(call(1));
    await log.close();
    const [path] = await trail.segments();
    await appendFile(path!, 'garbage\n{"hash":"00","record":{"chain":"ser');
    const reader = createReader(trail.storage);
    assertEquals(calls((await reader.query({ limit: 10 })).records), [1]);
  }));

test("a trail in memory keeps the newest records and behaves as one on file", async () => {
  const keys = await loadOrCreateAuditKeys(undefined);
  const log = await openAuditLog(createMemoryStorage(100), keys, {
    instance: "server",
    version: "1.2.3",
    now: createClock(),
  });
  for (let n = 1; n <= 250; n++) await log.commit(call(n));
  log.record(call(251));
  const records = await allPages(log, { limit: 9, event: "tool.call" });
  assertEquals(calls(records), down(251, 151));
  await log.close();
  assertFalse(log.writable);
});
