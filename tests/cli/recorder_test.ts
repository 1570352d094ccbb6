import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createRecorder } from "../../cli/recorder.ts";
import { openAudit } from "../../store/audit/open.ts";
import type { AuditEvent } from "../../store/audit.ts";

const now = () => new Date("2026-11-25T12:00:00.000Z");
const silent = { debug() {}, info() {}, warning() {}, error() {} };

test("a flood of wrong credentials at the operator's listener is counted and does not grow the trail", async () => {
  const audit = await openAudit("sqlite::memory:", { instance: "test", version: "0.0.0", now });
  const recorder = createRecorder({
    audit,
    metrics: { request: () => assert(false, "it is no request for a tool") },
    logger: silent,
    now,
  });
  const refusal: AuditEvent = {
    event: "operator.request",
    time: now().toISOString(),
    decision: "deny",
    reason: "operator_token_mismatch",
  };
  for (let turn = 0; turn < 1000; turn += 1) recorder.operator.refuse(refusal, "127.0.0.1");
  recorder.operator.record({ ...refusal, decision: "allow", reason: "ok", actor: "operator" });
  await recorder.close();
  const { records } = await audit.query({ limit: 500 });
  const own = records.filter(({ event }) => event === "operator.request");
  assertEquals(own.map(({ actor }) => actor), ["operator", ...Array(10).fill(undefined)]);
  const suppressed = records.filter(({ event }) => event === "requests.suppressed");
  assertEquals(suppressed.map(({ actor, reason, details }) => [actor, reason, details]), [
    ["server", "operator_refused", {
      peer: "127.0.0.1",
      count: 990,
      since: "2026-11-25T12:00:00.000Z",
    }],
  ]);
  await audit.close();
});
