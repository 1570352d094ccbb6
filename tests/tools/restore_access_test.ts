import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, inputProblems, principal, withWorkspace } from "../support/tools.ts";

test("restore_access lets a client in again, once", () =>
  withWorkspace(async (workspace, { revocations }) => {
    const bearer = principal({ clientId: "client-2" });
    const input = { kind: "CLIENT", value: "client-2", reason: "a test" };
    const { id } = await callTool("revoke_access", input, { workspace });
    assertEquals(revocations.check(bearer), "client_revoked");

    const restored = await callTool("restore_access", { revocationId: id }, { workspace });
    assertEquals([restored.id, restored.servers, restored.enforcedOn], [id, 1, 1]);
    assertEquals(revocations.check(bearer), undefined);
    const error = await assertRejects(
      () => callTool("restore_access", { revocationId: id }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("restore_access takes back the one revocation it is told, and no other of the same client", () =>
  withWorkspace(async (workspace, { revocations }) => {
    const bearer = principal({ clientId: "client-2" });
    const input = { kind: "CLIENT", value: "client-2", reason: "a test" };
    const narrow = { ...input, extent: "ISSUED_SO_FAR" };
    await callTool("revoke_access", narrow, { workspace });
    const { id } = await callTool("revoke_access", input, { workspace });
    await callTool("restore_access", { revocationId: id }, { workspace });
    assertEquals(revocations.check(bearer), "client_revoked");
    const later = principal({ clientId: "client-2", issuedAt: bearer.issuedAt + 1 });
    assertEquals(revocations.check(later), undefined);
  }));

test("restore_access takes the id of a revocation only", () => {
  for (const revocationId of ["org_01", "client-2", "", null]) {
    assertEquals(inputProblems("restore_access", { revocationId }).length, 1);
  }
});
