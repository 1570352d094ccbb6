import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import type { AuditRecord } from "../../../store/audit.ts";
import { MAX_REASON_LENGTH } from "../../../store/revocation.ts";
import { parseExposition } from "../../support/exposition.ts";
import { createTestIssuer } from "../../support/issuer.ts";
import { memoryAccess, memoryAudit } from "../../support/operator.ts";
import { errorOf, READY, TOKEN, withOperator } from "./scene.ts";

const ISSUER = "https://issuer.example";

test("operator: metrics, readiness and life need no credential, and are not kept by anybody", () =>
  withOperator(async ({ ask }) => {
    const open = { authorization: undefined };
    const metrics = await ask("GET /metrics", open);
    assertEquals(metrics.status, 200);
    assertMatch(metrics.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    assert(parseExposition(metrics.body).has("gatehouse_build_info"));
    const ready = await ask("GET /readyz", open);
    assertEquals([ready.status, JSON.parse(ready.body)], [200, READY]);
    const live = await ask("GET /livez", open);
    assertEquals([live.status, live.body], [200, '{"status":"live"}']);
    for (const { headers } of [metrics, ready, live]) {
      assertEquals(headers.get("cache-control"), "no-store");
      assertFalse([...headers.keys()].some((name) => name.startsWith("access-control")));
    }
  }));

test("operator: what is not ready is 503, and says what is missing", () =>
  withOperator(async ({ ask }) => {
    const { status, body } = await ask("GET /readyz");
    assertEquals([status, JSON.parse(body).checks.store.detail], [503, "No answer"]);
  }, {
    readiness: () =>
      Promise.resolve({
        status: "unready",
        checks: { store: { ok: false, detail: "No answer" } },
        catalogue: "c",
      }),
  }));

const PROTECTED = [
  "GET /revocations",
  "POST /revocations",
  `DELETE /revocations/rev_${"0".repeat(26)}`,
  "GET /audit",
];

test("operator: an access token, a wrong token and none at all are 401 (H228)", async () => {
  const access = memoryAccess();
  const audit = memoryAudit([]);
  const accessToken = await (await createTestIssuer({ scope: "org:write" })).token();
  const credentials = [
    undefined,
    "",
    "Bearer",
    `Bearer ${accessToken}`,
    `DPoP ${accessToken}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN.toLowerCase()}`,
    `Basic ${btoa(`operator:${TOKEN}`)}`,
    `Bearer ${TOKEN}, Bearer ${TOKEN}`,
    TOKEN,
  ];
  await withOperator(async ({ ask, log }) => {
    for (const authorization of credentials) {
      for (const line of PROTECTED) {
        const body = line.startsWith("POST") ? { target: {}, reason: "x" } : undefined;
        const answer = await ask(line, { authorization }, body);
        assertEquals([answer.status, errorOf(answer)], [401, "unauthorized"], line);
        assertEquals(answer.headers.get("www-authenticate"), 'Bearer realm="gatehouse operator"');
        assertFalse(answer.body.includes(TOKEN.slice(0, 20)));
      }
    }
    assertFalse(JSON.stringify(log).includes(accessToken.split(".")[1]!));
    assert(log.every(({ level }) => level === "warning"), "each is a line that is seen");
  }, { access, audit });
  assertEquals([access.deeds, audit.queries], [[], []]);
});

test("operator: without a token of its own it lets nobody in", () =>
  withOperator(
    async ({ ask }) => {
      assertEquals((await ask("GET /audit")).status, 401);
      assertEquals((await ask("GET /readyz")).status, 200);
    },
    {},
    null,
  ));

test("operator: a page that found out the port gets nothing, under any name (H228)", () =>
  withOperator(async ({ ask, port }) => {
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", "localhost:1", ""]) {
      const answer = await ask("GET /metrics", { host });
      assert(answer.status === 403 || answer.status === 400, host);
      assertFalse(answer.body.includes("gatehouse_"), host);
    }
    for (const origin of ["null", "https://evil.example", `http://127.0.0.1:${port}`]) {
      for (const line of ["GET /metrics", "OPTIONS /revocations", ...PROTECTED]) {
        const answer = await ask(line, { origin });
        assertEquals([answer.status, errorOf(answer)], [403, "forbidden"], line);
        assertFalse([...answer.headers.keys()].some((name) => name.startsWith("access-control")));
      }
    }
    for (const host of [`localhost:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]) {
      assertEquals((await ask("GET /livez", { host })).status, 200, host);
    }
  }));

test("operator: another path is 404 and another method 405, without a word about either", () =>
  withOperator(async ({ ask }) => {
    const paths = ["/", "/mcp", "/healthz", "/metrics/", "/Metrics", "/readyz%00", "/audit/export"];
    for (const path of [...paths, "/revocations/1", "/revocations/rev_..%2f", "/__proto__"]) {
      assertEquals((await ask(`GET ${path}`)).status, 404, path);
    }
    for (const method of ["PUT", "PATCH", "DELETE", "HEAD"]) {
      const answer = await ask(`${method} /revocations`);
      assertEquals(answer.status, 405, method);
      assertEquals(answer.headers.get("allow"), "GET, POST");
    }
    assertEquals((await ask("DELETE /metrics")).headers.get("allow"), "GET");
  }));

test("operator: revokes, lists and restores", async () => {
  const access = memoryAccess();
  await withOperator(async ({ ask }) => {
    const target = { kind: "client", issuer: ISSUER, clientId: "client-1" };
    const made = await ask("POST /revocations", {}, { target, reason: " Stolen laptop " });
    assertEquals(made.status, 200);
    const { revocation, instances, confirmed } = JSON.parse(made.body);
    assertEquals([instances, confirmed], [1, 1]);
    const { id, actor, reason } = revocation;
    assertEquals([actor, reason], ["operator", "Stolen laptop"]);
    const listed = await ask("GET /revocations");
    assertEquals(JSON.parse(listed.body), { revocations: [revocation] });
    const removed = await ask(`DELETE /revocations/${id}`);
    assertEquals([removed.status, JSON.parse(removed.body).revocation], [200, revocation]);
    const again = await ask(`DELETE /revocations/${id}`);
    assertEquals([again.status, errorOf(again)], [404, "not_found"]);
  }, { access });
  assertEquals(access.deeds, ["revoke client by operator", "restore by operator"]);
});

test("operator: a revocation that is not exactly one is refused, and nothing is revoked", async () => {
  const access = memoryAccess();
  const target = { kind: "subject", issuer: ISSUER, subject: "user-1" };
  const bodies: readonly unknown[] = [
    "{",
    "[]",
    "null",
    `{"target":{"kind":"issuer","issuer":"a"},"reason":"x","reason":"y"}`,
    `{"target":${"[".repeat(100)}`,
    { target },
    { target, reason: " " },
    { target, reason: "x", actor: "somebody else" },
    { target, reason: "x", id: "rev_1" },
    { target, reason: "x", issuedUntil: 1.5 },
    { target, reason: "x", issuedUntil: -1 },
    { target: { ...target, kind: "everything" }, reason: "x" },
    { target: { ...target, clientId: "client-1" }, reason: "x" },
    { target: { kind: "subject", subject: "user-1" }, reason: "x" },
    { target: { kind: "token", issuer: ISSUER, tokenId: "" }, reason: "x" },
    { target: { kind: "token", issuer: ISSUER, tokenId: "a" }, reason: "x", issuedUntil: 1 },
    { target, reason: "x".repeat(MAX_REASON_LENGTH + 1) },
  ];
  await withOperator(async ({ ask, unexpected }) => {
    for (const body of bodies) {
      const answer = await ask("POST /revocations", {}, body);
      assertEquals([answer.status, errorOf(answer)], [400, "invalid_request"], answer.body);
    }
    const large = await ask("POST /revocations", {}, { target, reason: "x".repeat(20_000) });
    assertEquals(large.status, 413);
    const form = await ask("POST /revocations", { "content-type": "text/plain" }, {
      target,
      reason: "x",
    });
    assertEquals(form.status, 415);
    assertEquals(unexpected, []);
  }, { access });
  assertEquals(access.deeds, []);
});

test("operator: asks the audit trail by filters and pages", async () => {
  const record = (seq: number, name: string): AuditRecord => ({
    v: 1,
    chain: "a",
    seq,
    prev: "0".repeat(64),
    event: "tool.call",
    time: "2026-11-25T12:00:00.000Z",
    decision: "allow",
    reason: "ok",
    tool: { name, effect: "read" },
  });
  const audit = memoryAudit([record(3, "add"), record(2, "purge"), record(1, "add")]);
  await withOperator(async ({ ask }) => {
    const first = JSON.parse((await ask("GET /audit?tool=add&limit=1")).body);
    assertEquals([first.records[0].seq, first.nextPageToken], [3, "1"]);
    const rest = await ask(`GET /audit?tool=add&limit=1&pageToken=${first.nextPageToken}`);
    assertEquals(JSON.parse(rest.body), { records: [record(1, "add")] });
    const all = "clientId=c&subject=s&event=tool.call&decision=deny&reason=r&requestId=i" +
      "&since=2026-11-25T00:00:00Z&until=2026-11-26T00:00:00%2B01:00";
    assertEquals((await ask(`GET /audit?${all}`)).status, 200);
    const bad = ["limit=0", "limit=501", "limit=x", "decision=maybe", "since=yesterday", "who=me"];
    for (const query of [...bad, "tool=a&tool=b", "tool=", "event=x"]) {
      const answer = await ask(`GET /audit?${query}`);
      assertEquals([answer.status, errorOf(answer)], [400, "invalid_request"], query);
    }
    assertEquals((await ask("GET /audit?pageToken=forged")).status, 422);
  }, { audit });
  assertEquals(audit.queries.length, 4);
  assertEquals(audit.queries[2], {
    clientId: "c",
    subject: "s",
    event: "tool.call",
    decision: "deny",
    reason: "r",
    requestId: "i",
    since: "2026-11-25T00:00:00Z",
    until: "2026-11-26T00:00:00+01:00",
    limit: 50,
  });
});

test("operator: what fails inside is an answer without its text, and a part that is absent has no path", () =>
  withOperator(async ({ ask, unexpected }) => {
    const answer = await ask("GET /revocations");
    assertEquals([answer.status, errorOf(answer)], [500, "internal"]);
    assertFalse(answer.body.includes("hunter2"));
    assertEquals(unexpected.length, 1);
    assertEquals((await ask("GET /audit")).status, 404);
  }, {
    access: {
      ...memoryAccess(),
      list: () => Promise.reject(new Error("dsn postgres://admin:hunter2@db")),
    },
    audit: undefined as never,
  }));
