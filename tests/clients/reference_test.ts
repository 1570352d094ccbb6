/** Every tool that people know from elsewhere, called by a real client in both protocol eras, with what came of it read back. */

import { test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { REFERENCE_NAMES } from "../tools/reference_names.ts";
import { withIssuer } from "./scene.ts";

const SCOPE = "env:write org:write wks:write";

// deno-lint-ignore no-explicit-any -- each tool has its own output, which the test spells out
type Output = any;
type Call = (name: string, input?: Record<string, unknown>) => Promise<Output>;

async function walk(call: Call): Promise<void> {
  const { environments } = await call("list_environments");
  const { id: environmentId, domain } = environments.find(
    ({ displayName }: Output) => displayName === "Production",
  );
  const here = { environmentId };
  assertEquals((await call("get_environment_details", here)).domain, domain);

  const credentials = await call("get_environment_credentials", here);
  assertMatch(credentials.dotenv, /CLIENT_ID=/);
  assertFalse(credentials.secrets.some((secret: Output) => "secret" in secret));

  const roleName = "auditor";
  await call("create_environment_role", { ...here, roleName, displayName: "Auditor" });
  const { roles } = await call("list_environment_roles", here);
  assert(roles.some(({ name }: Output) => name === roleName));

  await call("create_environment_scope", { ...here, scopeName: "reports:read" });
  const { scopes } = await call("list_environment_scopes", here);
  assert(scopes.some(({ name }: Output) => name === "reports:read"));

  const uri = "https://app.example.com/reference";
  const listed = async () => {
    const { uris } = await call("list_redirect_uris", { ...here, pageSize: 100 });
    return uris.filter((entry: Output) => entry.uri === uri).length;
  };
  await call("add_redirect_uri", { ...here, uri });
  await call("add_post_logout_redirect_uri", { ...here, uri });
  assertEquals(await listed(), 2);
  await call("remove_redirect_uri", { ...here, uri, confirm: true });
  await call("remove_post_logout_redirect_uri", { ...here, uri, confirm: true });
  assertEquals(await listed(), 0);

  const login = async () => (await call("list_redirect_uris", here)).initiateLoginUri;
  await call("set_initiate_login_uri", { ...here, uri });
  assertEquals(await login(), uri);
  await call("remove_initiate_login_uri", { ...here, confirm: true });
  assertEquals(await login(), undefined);

  const email = "reference@example.com";
  await call("invite_workspace_member", { email, role: "USER" });
  const { members } = await call("list_workspace_members");
  assert(members.some((member: Output) => member.email === email));

  const { id: organizationId } = await call("create_organization", {
    ...here,
    displayName: "Reference",
  });
  const there = { environmentId, organizationId };
  const { organizations } = await call("list_organizations", here);
  assertEquals(organizations[0].id, organizationId);
  await call("update_organization_settings", {
    ...there,
    features: [{ name: "sso", enabled: true }],
  });
  const { settings } = await call("get_organization_details", there);
  assert(settings.features.some(({ name, enabled }: Output) => name === "sso" && enabled));
  await call("create_organization_user", { ...there, email, roles: [roleName] });
  const { users } = await call("list_organization_users", there);
  assertEquals(users.map((user: Output) => [user.email, user.roles]), [[email, [roleName]]]);
  assertMatch((await call("generate_admin_portal_link", there)).link, /^https:\/\//);

  const { connections } = await call("list_environment_connections", { ...here, pageSize: 100 });
  const { id: connectionId } = connections.find(
    ({ organizationId, status }: Output) => organizationId === undefined && status === "COMPLETED",
  );
  assertEquals(
    (await call("enable_environment_connection", { ...here, connectionId })).enabled,
    true,
  );
  assertEquals((await call("list_organization_connections", there)).connections, []);

  const { connectedAccounts } = await call("list_connected_accounts", here);
  const [{ identifier, connector }] = connectedAccounts;
  const magic = await call("create_connected_account_magic_link", {
    ...here,
    identifier,
    connector,
  });
  assertMatch(magic.link, /^https:\/\//);

  const url = "https://reference.example.com/mcp";
  const server = await call("register_mcp_server", { ...here, name: "Reference", url });
  assertEquals(server.setup.metadata.resource, url);
  assertEquals(server.setup.metadata.authorization_servers, [
    `https://${domain}/resources/${server.id}`,
  ]);
  const its = { environmentId, mcpServerId: server.id };
  assertEquals((await call("update_mcp_server", { ...its, provider: "Ours" })).provider, "Ours");
  assertEquals((await call("switch_mcp_auth_to_scalekit", its)).provider, undefined);
  const { mcpServers } = await call("list_mcp_servers", here);
  assert(mcpServers.some(({ id }: Output) => id === server.id));

  const { sections } = await call("search_docs", { query: "revoke a client" });
  assert(sections.length > 0);
}

for (const mode of ["legacy", "auto"] as const) {
  test(`v2 client, ${mode}: the 33 tools of the reference do what their names say`, () =>
    withIssuer(async ({ url, issuer }) => {
      const headers = {
        authorization: `Bearer ${await issuer.token({ claims: { scope: SCOPE } })}`,
      };
      const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
      await client.connect(
        new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
      );
      const called = new Set<string>();
      try {
        await walk(async (name, input = {}) => {
          called.add(name);
          const { structuredContent, isError, content } = await client.callTool({
            name,
            arguments: input,
          });
          assertFalse(isError ?? false, `${name}: ${JSON.stringify(content)}`);
          return structuredContent;
        });
      } finally {
        await client.close();
      }
      assertEquals([...called].sort(), [...REFERENCE_NAMES].sort());
    }));
}
