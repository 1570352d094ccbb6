import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { AuditEvent, AuditLog } from "../../store/audit.ts";
import { openAudit } from "../../store/audit/open.ts";
import { callTool, inputProblems, NOW, principal, registry } from "../support/tools.ts";

const own = principal({ scopes: ["audit:read"] });
const auditor = principal({ scopes: ["audit:all"], clientId: "auditor", subject: "auditor" });

function callBy(subject: string, changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    event: "tool.call",
    time: NOW.toISOString(),
    decision: "allow",
    reason: "ok",
    request: {
      id: `request-of-${subject}`,
      peer: "127.0.0.1",
      httpMethod: "POST",
      path: "/mcp",
      era: "modern",
      rpcMethod: "tools/call",
    },
    principal: { issuer: own.issuer, kind: "user", subject, clientId: own.clientId },
    tool: { name: "list_organizations", effect: "read" },
    ...changes,
  };
}

async function withTrail(run: (audit: AuditLog) => Promise<void>): Promise<void> {
  const audit = await openAudit("sqlite::memory:", {
    instance: "test",
    version: "0.0.0",
    now: () => NOW,
  });
  try {
    await run(audit);
  } finally {
    await audit.close();
  }
}

test("list_audit_events shows a caller its own records, and nothing of others of the same client", () =>
  withTrail(async (audit) => {
    audit.record(callBy(own.subject));
    audit.record(callBy("somebody-else"));
    const { events, visible } = await callTool("list_audit_events", {}, { audit, principal: own });
    assertEquals(visible, "own");
    assertEquals(events.map(({ subject }: { subject: string }) => subject), [own.subject]);
    assertFalse(JSON.stringify(events).includes("somebody-else"));
  }));

test("list_audit_events refuses to answer about others without audit:all, and says so (R55)", () =>
  withTrail(async (audit) => {
    audit.record(callBy("somebody-else"));
    for (const filter of [{ subject: "somebody-else" }, { clientId: "other" }]) {
      const error = await assertRejects(
        () => callTool("list_audit_events", filter, { audit, principal: own }),
        AppError,
      );
      assertEquals(error.code, "insufficient_scope");
      assertEquals(error.details?.["missing_scopes"], ["audit:all"]);
    }
  }));

test("list_audit_events shows an auditor everybody's, newest first, by filter and page", () =>
  withTrail(async (audit) => {
    for (let n = 0; n < 5; n += 1) audit.record(callBy(`user-${n}`));
    audit.record(callBy("user-9", {
      decision: "deny",
      reason: "insufficient_scope",
      scopes: { required: ["org:read"], granted: ["env:read"], missing: ["org:read"] },
      input: { fingerprint: "f".repeat(64), bytes: 10, clear: { pageSize: 5 } },
      outcome: { status: 403, durationMs: 1 },
    }));
    const all = { audit, principal: auditor };
    const { events: [denied] } = await callTool("list_audit_events", { decision: "deny" }, all);
    assertEquals(
      [denied.subject, denied.reason, denied.status, denied.missingScopes, denied.clearInput],
      ["user-9", "insufficient_scope", 403, ["org:read"], { pageSize: "5" }],
    );
    const first = await callTool(
      "list_audit_events",
      { pageSize: 4, tool: "list_organizations" },
      all,
    );
    const rest = await callTool("list_audit_events", {
      pageSize: 4,
      tool: "list_organizations",
      pageToken: first.nextPageToken,
    }, all);
    assertEquals(
      [...first.events, ...rest.events].map(({ subject }: { subject: string }) => subject),
      ["user-9", "user-4", "user-3", "user-2", "user-1", "user-0"],
    );
    const one = await callTool("list_audit_events", { requestId: "request-of-user-2" }, all);
    assertEquals(one.events.length, 1);
    const none = await callTool("list_audit_events", { until: "2026-01-01T00:00:00+02:00" }, all);
    assertEquals(none.events, []);
  }));

test("list_audit_events takes times of RFC 3339 alone", () => {
  for (const since of ["yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "1e3"]) {
    assert(inputProblems("list_audit_events", { since }).length > 0, since);
  }
  assertEquals(inputProblems("list_audit_events", { since: "2026-01-31T08:00:00Z" }), []);
});

test("a page token stays good when the token is renewed, and is none for somebody else", () =>
  withTrail(async (audit) => {
    for (const id of ["1", "2"]) {
      audit.record(callBy(own.subject, { request: { ...callBy("x").request!, id } }));
    }
    const first = await callTool("list_audit_events", { pageSize: 1 }, { audit, principal: own });
    const next = { pageSize: 1, pageToken: first.nextPageToken };
    const renewed = { ...own, tokenId: "another", expiresAt: own.expiresAt + 300 };
    const { events } = await callTool("list_audit_events", next, { audit, principal: renewed });
    assertEquals(events.map(({ requestId }: { requestId: string }) => requestId), ["1"]);
    const other = { ...own, subject: "somebody-else" };
    const error = await assertRejects(
      () => callTool("list_audit_events", next, { audit, principal: other }),
      AppError,
    );
    assertEquals(error.code, "invalid_input");
  }));

test("a caller cannot have the trail read through as often as it likes", () => {
  const { cost, rate } = registry.get("list_audit_events")!;
  assert(rate !== undefined && rate.points / cost <= 10 && rate.seconds >= 30);
});
