import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, inputProblems } from "../support/tools.ts";

test("update_connection sets what it is given and leaves the rest", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const { id: connectionId, domains } = await connection("halden-entra");
    const input = { environmentId, connectionId, clientId: "gatehouse-2" };
    const updated = await callTool("update_connection", input, { workspace });
    assertEquals(updated.settings, {
      issuer: "https://login.halden.example/v2.0",
      clientId: "gatehouse-2",
    });
    assertEquals([updated.domains, updated.enabled], [domains, false]);
    const emptied = await callTool(
      "update_connection",
      { environmentId, connectionId, domains: [] },
      { workspace },
    );
    assertEquals([emptied.domains, emptied.settings], [[], updated.settings]);
  }));

test("update_connection leads nobody's sign-in elsewhere while they use it", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const before = await connection("kestrel-okta");
    for (
      const change of [
        { metadataUrl: "https://evil.example/metadata" },
        { domains: [] },
        { domains: ["kestrel.example", "sommer.example"] },
      ]
    ) {
      const error = await assertRejects(
        () =>
          callTool(
            "update_connection",
            { environmentId, connectionId: before.id, ...change },
            { workspace },
          ),
        AppError,
      );
      assertEquals(error.code, "conflict");
      assertStringIncludes(error.message, "disable it first");
    }
    assertEquals(await connection("kestrel-okta"), before);
  }));

test("update_connection names the settings that the type has", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const { id: connectionId } = await connection("halden-entra");
    const error = await assertRejects(
      () =>
        callTool(
          "update_connection",
          { environmentId, connectionId, metadataUrl: "https://idp.halden.example/m" },
          { workspace },
        ),
      AppError,
    );
    assertEquals(error.code, "invalid_input");
    assertStringIncludes(error.message, "takes issuer and clientId; leave out metadataUrl");
  }));

test("update_connection needs something to change", () => {
  const ids = { environmentId: "env_1", connectionId: "conn_1" };
  const [problem] = inputProblems("update_connection", ids);
  assertStringIncludes(problem!, "Give at least one of domains");
  assertEquals(inputProblems("update_connection", { ...ids, domains: [] }), []);
  for (
    const input of [{ type: "SAML" }, { keyId: "x" }, { enabled: true }, { clientSecret: "s" }]
  ) {
    const problems = inputProblems("update_connection", { ...ids, domains: [], ...input });
    assert(problems.length > 0, JSON.stringify(input));
  }
});
