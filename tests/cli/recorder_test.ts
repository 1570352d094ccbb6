/** What strangers can make the audit trail grow by: a bounded number of records, and no caller's record less. */

import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createRecorder } from "../../cli/recorder.ts";
import { createRefusalBound } from "../../cli/refusal_bound.ts";
import type { CountedRefusals } from "../../cli/refusal_bound.ts";
import type { AuditEvent, AuditRecord } from "../../store/audit.ts";
import { openAudit } from "../../store/audit/open.ts";
import { startServer } from "../support/server.ts";
import { gatehouse, withFolder } from "./support.ts";

const AT = new Date("2026-09-01T12:00:00Z");

const silent = { debug() {}, info() {}, warning() {}, error() {} };

function refusal(reason: string, changes: Partial<AuditEvent> = {}): AuditEvent {
  return { event: "request.refused", time: "", decision: "deny", reason, ...changes };
}

test("a flood of strangers leaves a hundred records and one for each reason, and hides no caller", () =>
  withFolder(async (folder) => {
    const store = { GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}` };
    const server = await startServer({ env: store });
    const issuer = server.app.issuers[0]!;
    const env = {
      ...store,
      GATEHOUSE_PORT: String(server.port),
      GATEHOUSE_ISSUER_PORT: new URL(issuer).port,
    };
    const send = async (url: string, headers: Record<string, string>, body: string) => {
      const response = await fetch(url, { method: "POST", headers, body });
      await response.body?.cancel();
      return response.status;
    };
    const mcp = `${server.url}/mcp`;
    for (let n = 0; n < 100; n += 1) {
      assertEquals(await send(mcp, {}, "{}"), 401);
      assertEquals(await send(mcp, { authorization: "Bearer nonsense" }, "{}"), 401);
      assertEquals(await send(`${server.url}/nowhere`, {}, ""), 404);
      const form = { "content-type": "application/x-www-form-urlencoded" };
      assertEquals(await send(`${issuer}/token`, form, `grant_type=x&client_id=nobody${n}`), 401);
    }
    assertEquals((await gatehouse(["call", "whoami"], env)).code, 0);
    await server.stop();

    const all = await gatehouse(["audit", "query", "--json", "--limit", "1000"], env);
    const records = all.out.split("\n").map((line) => JSON.parse(line) as AuditRecord);
    const denied = records.filter(({ decision }) => decision === "deny");
    const counted = denied.filter(({ event }) => event === "requests.suppressed");
    assertEquals(denied.length - counted.length, 100);
    assertEquals(counted.reduce((sum, { details }) => sum + Number(details!["count"]), 0), 300);
    const kinds = counted.map(({ actor, reason }) => `${actor} ${reason}`).sort();
    assertEquals(new Set(kinds).size, kinds.length, "one for each reason");
    assert(kinds.includes("authorization-server invalid_client"), kinds.join(", "));
    assertEquals(records.filter(({ tool }) => tool?.name === "whoami").length, 1);
    assertEquals(records.filter(({ event }) => event === "token.issued").length, 1);
  }));

test("a bound counts by actor, decision and reason, whoever fills it, and begins anew with a window", () => {
  const reports: CountedRefusals[] = [];
  const { takes, flush } = createRefusalBound({
    now: () => AT,
    recorded: 2,
    report: (counted) => reports.push(counted),
  });
  const events = [
    refusal("a"),
    refusal("b"),
    refusal("a"),
    refusal("a"),
    refusal("a", { actor: "authorization-server" }),
    refusal("a", { decision: "fail" }),
  ];
  assertEquals(events.map(takes), [true, true, false, false, false, false]);
  flush();
  const kind = { actor: "server", decision: "deny", reason: "a", count: 1, since: AT } as const;
  assertEquals(reports.splice(0), [
    { ...kind, count: 2 },
    { ...kind, actor: "authorization-server" },
    { ...kind, decision: "fail" },
  ]);
  assert(takes(refusal("a")));
  flush();
  assertEquals(reports, [], "what was recorded is not counted");
});

test("a bound tells so many reasons apart, and counts the rest together", () => {
  const reports: CountedRefusals[] = [];
  const bound = createRefusalBound({
    now: () => AT,
    recorded: 0,
    report: (counted) => reports.push(counted),
  });
  for (let n = 0; n < 10_000; n += 1) bound.takes(refusal(`reason ${n}`));
  bound.flush();
  assertEquals(reports.length, 201);
  assertEquals([reports.at(-1)!.reason, reports.at(-1)!.count], ["others", 9800]);
});

test("a bound ends a window by itself", async () => {
  const counted = await new Promise<CountedRefusals>((resolve) => {
    const { takes } = createRefusalBound({
      now: () => AT,
      recorded: 0,
      windowMs: 20,
      report: resolve,
    });
    takes(refusal("a"));
    // Its timer keeps no process alive, so the test does.
    setTimeout(() => {}, 1000);
  });
  assertEquals(counted.count, 1);
});

test("a flood of wrong credentials at the operator's listener is counted and does not grow the trail", async () => {
  const audit = await openAudit("sqlite::memory:", {
    instance: "test",
    version: "0.0.0",
    now: () => AT,
  });
  const recorder = createRecorder({
    audit,
    metrics: { request: () => assert(false, "it is no request for a tool") },
    logger: silent,
    now: () => AT,
  });
  const refusal: AuditEvent = {
    event: "operator.request",
    time: AT.toISOString(),
    decision: "deny",
    reason: "operator_token_mismatch",
  };
  for (let turn = 0; turn < 1000; turn += 1) recorder.operator.refuse(refusal);
  recorder.operator.record({ ...refusal, decision: "allow", reason: "ok", actor: "operator" });
  await recorder.close();
  const { records } = await audit.query({ limit: 500 });
  const own = records.filter(({ event }) => event === "operator.request");
  assertEquals(own.map(({ actor }) => actor), ["operator", ...Array(10).fill(undefined)]);
  const suppressed = records.filter(({ event }) => event === "requests.suppressed");
  assertEquals(suppressed.map(({ actor, reason, details }) => [actor, reason, details]), [
    ["server", "operator_token_mismatch", {
      count: 990,
      since: "2026-09-01T12:00:00.000Z",
    }],
  ]);
  await audit.close();
});
