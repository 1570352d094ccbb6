/** What the operator's listener leaves on record, and what it changes while nothing can be recorded. */

import { test } from "node:test";
import { assertEquals, assertFalse, assertMatch } from "@std/assert";
import { memoryAccess } from "../../support/operator.ts";
import { errorOf, withOperator } from "./scene.ts";

const ISSUER = "https://issuer.example";

test("operator: who reads, changes or is refused is on record, and nobody else (R53)", () =>
  withOperator(async ({ ask, records, log }) => {
    for (const line of ["GET /livez", "GET /readyz", "GET /metrics", "GET /canary-path"]) {
      await ask(line);
      await ask(line, { authorization: undefined });
    }
    assertEquals(records, []);
    await ask("GET /audit?tool=canary-query");
    await ask("GET /revocations");
    await ask("POST /revocations", {}, { canary: "body" });
    await ask(`DELETE /revocations/rev_${"0".repeat(26)}`);
    await ask("GET /audit", { authorization: undefined });
    await ask("GET /revocations", { authorization: "Bearer canary-token" });
    await ask("GET /canary-path", { host: "canary.example" });
    assertEquals(records, [
      "operator operator allow GET /audit: ok",
      "operator operator allow GET /revocations: ok",
      "operator operator deny POST /revocations: invalid_request",
      "operator operator deny DELETE /revocations/{id}: not_found",
      "stranger undefined deny GET /audit: no_credential",
      "stranger undefined deny GET /revocations: operator_token_mismatch",
      "stranger undefined deny GET other: host_not_allowed",
    ]);
    assertFalse(JSON.stringify([records, log]).includes("canary"));
  }));

test("operator: a server that stops changes nothing any more, and says so", async () => {
  const access = memoryAccess();
  let stopping = false;
  await withOperator(async ({ ask, records }) => {
    const target = { kind: "client", issuer: ISSUER, clientId: "client-1" };
    const revoke = () => ask("POST /revocations", {}, { target, reason: "x" });
    const { id } = JSON.parse((await revoke()).body).revocation;
    stopping = true;
    for (const answer of [await revoke(), await ask(`DELETE /revocations/${id}`)]) {
      assertEquals([answer.status, errorOf(answer)], [503, "temporarily_unavailable"]);
      assertMatch(JSON.parse(answer.body).error_description, /^The server is stopping/);
    }
    assertEquals((await ask("GET /revocations")).status, 200);
    assertEquals((await ask("POST /revocations", { authorization: undefined })).status, 401);
    assertEquals(records.filter((record) => record.includes("server_stopping")).length, 2);
  }, { access, stopping: () => stopping });
  assertEquals(access.deeds, ["revoke client by operator"]);
});
