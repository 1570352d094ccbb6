import { test } from "node:test";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { confirmRevoking } from "../../tools/revoke_access.ts";
import { callTool, inputProblems, NOW, principal, withWorkspace } from "../support/tools.ts";

const SECONDS = NOW.getTime() / 1000;
const REASON = "the laptop was stolen";

test("revoke_access shuts a client out, and says who did it and how far it reached", () =>
  withWorkspace(async (workspace, { revocations }) => {
    const bearer = principal({ clientId: "client-2" });
    const input = { kind: "CLIENT", value: "client-2", reason: REASON };
    const { id, ...answer } = await callTool("revoke_access", input, { workspace });
    assertMatch(id, /^rev_[0-9A-Z]{26}$/);
    assertEquals(answer, {
      kind: "CLIENT",
      value: "client-2",
      issuer: "https://issuer.example",
      reason: REASON,
      actor: '["https://issuer.example","user","user-1"]',
      createTime: NOW.toISOString(),
      servers: 1,
      enforcedOn: 1,
    });
    assertEquals(revocations.check(bearer), "client_revoked");
    assertEquals(revocations.check(principal()), undefined);
    const again = await callTool("revoke_access", input, { workspace });
    assertEquals(again.id, id);
  }));

test("revoke_access with ISSUED_SO_FAR ends the tokens of today and no later one (H224)", () =>
  withWorkspace(async (workspace, { revocations }) => {
    const input = { kind: "SUBJECT", value: "user-2", reason: REASON, extent: "ISSUED_SO_FAR" };
    const answer = await callTool("revoke_access", input, { workspace });
    assertEquals([answer.issuedUntil, typeof answer.expireTime], [NOW.toISOString(), "string"]);
    const issuedAt = (seconds: number) => principal({ subject: "user-2", issuedAt: seconds });
    assertEquals(revocations.check(issuedAt(SECONDS)), "subject_revoked");
    assertEquals(revocations.check(issuedAt(SECONDS + 1)), undefined);
  }));

test("revoke_access ends one token until it can have expired", () =>
  withWorkspace(async (workspace, { revocations }) => {
    const input = { kind: "TOKEN", value: "token-2", reason: REASON };
    const answer = await callTool("revoke_access", input, { workspace });
    assertEquals(Date.parse(answer.expireTime) > NOW.getTime(), true);
    assertEquals(revocations.check(principal({ tokenId: "token-2" })), "jti_revoked");
    assertEquals(revocations.check(principal()), undefined);
  }));

test("revoke_access does not end the caller's own access unless that is said", () =>
  withWorkspace(async (workspace, { revocations }) => {
    const own = [["TOKEN", "token-1"], ["CLIENT", "client-1"], ["SUBJECT", "user-1"]];
    for (const [kind, value] of own) {
      const input = { kind, value, reason: REASON };
      const error = await assertRejects(
        () => callTool("revoke_access", input, { workspace }),
        AppError,
        "includesMyself",
      );
      assertEquals(error.code, "conflict");
      assertEquals(revocations.size, 0);
    }
    // A person of the client's name is somebody else (R94).
    const machine = principal({ kind: "client", subject: "client-1" });
    const person = { kind: "SUBJECT", value: "client-1", reason: REASON };
    await callTool("revoke_access", person, { workspace, principal: machine });
    assertEquals(revocations.check(machine), undefined);
    const input = { kind: "CLIENT", value: "client-1", reason: REASON, includesMyself: true };
    await callTool("revoke_access", input, { workspace });
    assertEquals(revocations.check(principal()), "client_revoked");
  }));

test("revoke_access refuses an issuer that this server does not know", () =>
  withWorkspace(async (workspace, { revocations }) => {
    const issuer = "https://issuer.example/";
    const input = { kind: "CLIENT", value: "client-2", issuer, reason: REASON };
    const error = await assertRejects(
      () => callTool("revoke_access", input, { workspace }),
      AppError,
      "https://issuer.example",
    );
    assertEquals(error.code, "invalid_input");
    assertEquals(revocations.size, 0);
  }));

test("revoke_access takes no whole issuer, no empty value and no call without a reason", () => {
  const valid = { kind: "CLIENT", value: "client-2", reason: REASON };
  assertEquals(inputProblems("revoke_access", valid), []);
  const bad = [{ kind: "ISSUER" }, { value: "" }, { value: "a\nb" }, { reason: "" }, {
    reason: "x".repeat(257),
  }];
  for (const change of [...bad, { reason: undefined }, { extent: "SOME" }]) {
    assertEquals(inputProblems("revoke_access", { ...valid, ...change }).length > 0, true);
  }
});

test("what a person confirms says what ends, and whether it is their own access", () => {
  const request = {
    kind: "CLIENT",
    value: "client-2",
    extent: "ALL",
    reason: REASON,
    includesMyself: false,
  } as const;
  const text = confirmRevoking(request, { principal: principal() });
  assertStringIncludes(text, "all access of the client client-2, for every person who uses it");
  assertStringIncludes(text, REASON);
  assertEquals(text.includes("your own access"), false);
  const own = confirmRevoking({ ...request, value: "client-1" }, { principal: principal() });
  assertStringIncludes(own, "This is your own access");
});
