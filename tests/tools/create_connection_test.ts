import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, inputProblems } from "../support/tools.ts";

test("create_connection adds one that is complete and not enabled", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const organizationId = await organization("Bäckerei Sommer");
    const created = await callTool("create_connection", {
      environmentId,
      organizationId,
      provider: "GOOGLE",
      type: "OIDC",
      keyId: "sommer-google",
      domains: ["sommer.example"],
      issuer: "https://accounts.google.com",
      clientId: "sommer",
    }, { workspace });
    assertEquals(
      [created.status, created.enabled, created.organizationName, created.missingSettings],
      ["COMPLETED", false, "Bäckerei Sommer", []],
    );
    const { users: _, connectedAccounts: __, ...read } = await callTool(
      "get_connection",
      { environmentId, connectionId: created.id },
      { workspace },
    );
    assertEquals(read, created);
  }));

test("create_connection says what has to follow", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const create = (input: Record<string, unknown>) =>
      callTool("create_connection", { environmentId, provider: "CUSTOM", ...input }, { workspace });
    const cases: [Record<string, unknown>, string, string[]][] = [
      [{ type: "OIDC" }, "DRAFT", ["issuer", "clientId"]],
      [{ type: "OIDC", clientId: "x" }, "IN_PROGRESS", ["issuer"]],
      [{ type: "SAML" }, "DRAFT", ["metadataUrl"]],
      [{ type: "API_KEY", providerKey: "NOTION" }, "COMPLETED", []],
    ];
    for (const [input, status, missing] of cases) {
      const created = await create(input);
      assertEquals([created.status, created.missingSettings], [status, missing]);
      assertEquals(created.enabled, false);
    }
  }));

test("create_connection gives nobody the domain of another connection", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const organizationId = await organization("Bäckerei Sommer");
    const error = await assertRejects(
      () =>
        callTool("create_connection", {
          environmentId,
          organizationId,
          provider: "CUSTOM",
          type: "SAML",
          domains: ["kestrel.example"],
        }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
    assertStringIncludes(error.message, "kestrel.example");
    const { totalSize } = await workspace.listConnections(environmentId, {
      pageSize: 1,
      organizationId,
    });
    assertEquals(totalSize, 0);
  }));

test("create_connection takes no secret, and nothing that is not what it says", () => {
  const valid = { environmentId: "env_1", provider: "OKTA", type: "OIDC" };
  assertEquals(inputProblems("create_connection", valid), []);
  const accepted = [
    { issuer: "https://idp.acme.example:8443/tenant/v2.0" },
    { metadataUrl: "https://login.acme.example/metadata.xml?appid=1&x=%20" },
    { domains: ["acme.example", "xn--bcher-kva.example"] },
  ];
  for (const input of accepted) {
    assertEquals(inputProblems("create_connection", { ...valid, ...input }), []);
  }
  const refused = [
    { clientSecret: "s" },
    { enabled: true },
    { status: "COMPLETED" },
    { provider: "okta" },
    { type: "LDAP" },
    { keyId: "Key" },
    { keyId: "-key" },
    { providerKey: "notion" },
    { issuer: "http://idp.acme.example" },
    { issuer: "https://user:pass@idp.acme.example" },
    { issuer: "https://idp.acme.example/#x" },
    { issuer: "https://idp.acme.example/\n" },
    { metadataUrl: "javascript:alert(1)" },
    { clientId: "a b" },
    { domains: ["Acme.example"] },
    { domains: ["acme"] },
    { domains: ["*.acme.example"] },
    { domains: ["acme.example", "acme.example"] },
    { domains: Array.from({ length: 21 }, (_, n) => `a${n}.example`) },
    { organizationId: "env_1" },
  ];
  for (const input of refused) {
    assert(
      inputProblems("create_connection", { ...valid, ...input }).length > 0,
      JSON.stringify(input),
    );
  }
});
