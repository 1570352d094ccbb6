import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

const URL_OF_SERVER = "https://mcp.example.com/v1/mcp";

test("register_mcp_server answers with all that the server has to publish (RFC 9728)", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = {
      environmentId,
      name: "Bills",
      url: URL_OF_SERVER,
      description: "Looks up bills",
      scopes: ["bills:read", "bills:write"],
    };
    const { id, setup, ...server } = await callTool("register_mcp_server", input, { workspace });
    assertMatch(id, /^res_[0-9A-Z]{26}$/);
    assertEquals(server, {
      ...input,
      accessTokenExpiry: 3600,
      dynamicClientRegistration: true,
      clientIdMetadataDocuments: true,
      createTime: NOW.toISOString(),
      updateTime: NOW.toISOString(),
    });
    const metadataUrl = "https://mcp.example.com/.well-known/oauth-protected-resource/v1/mcp";
    assertEquals(setup, {
      metadataUrl,
      metadata: {
        resource: URL_OF_SERVER,
        authorization_servers: [`https://gatehouse.example/resources/${id}`],
        scopes_supported: ["bills:read", "bills:write"],
        bearer_methods_supported: ["header"],
        resource_name: "Bills",
      },
      wwwAuthenticate: `Bearer scope="bills:read bills:write", resource_metadata="${metadataUrl}"`,
      audience: URL_OF_SERVER,
    });
  }));

test("register_mcp_server leaves out what there is none of: no empty list (RFC 9728 section 3.2)", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const input = { environmentId, name: "Bare", url: URL_OF_SERVER };
    const server = await callTool("register_mcp_server", input, { workspace });
    assert(!("scopes_supported" in server.setup.metadata));
    assert(!server.setup.wwwAuthenticate.includes("scope="));
    assert(!("description" in server) && !("provider" in server));
  }));

test("register_mcp_server keeps the URL letter by letter, and puts the well-known part between host and path", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const wellKnown = "/.well-known/oauth-protected-resource";
    const cases: Record<string, string> = {
      "https://a.example": `https://a.example${wellKnown}`,
      "https://b.example/": `https://b.example${wellKnown}`,
      "https://a.example/mcp/": `https://a.example${wellKnown}/mcp/`,
      "https://a.example:8443/mcp": `https://a.example:8443${wellKnown}/mcp`,
      "https://a.example/mcp?tenant=1": `https://a.example${wellKnown}/mcp?tenant=1`,
      "https://xn--bcker-gra.example/%C3%A4": `https://xn--bcker-gra.example${wellKnown}/%C3%A4`,
      "http://localhost:8080/mcp": `http://localhost:8080${wellKnown}/mcp`,
      "http://127.0.0.1:8080/mcp": `http://127.0.0.1:8080${wellKnown}/mcp`,
      "http://[::1]:8080/mcp": `http://[::1]:8080${wellKnown}/mcp`,
    };
    for (const [url, metadataUrl] of Object.entries(cases)) {
      const input = { environmentId, name: "N", url };
      const { setup } = await callTool("register_mcp_server", input, { workspace });
      assertEquals([setup.metadata.resource, setup.audience], [url, url]);
      assertEquals(setup.metadataUrl, metadataUrl);
    }
  }));

test("register_mcp_server refuses a URL that tokens cannot be bound to", () => {
  const problems = (url: unknown) =>
    inputProblems("register_mcp_server", { environmentId: "env_1", name: "N", url });
  const bad = [
    "http://mcp.example.com/mcp",
    "http://10.0.0.1/mcp",
    "http://localhost.example/mcp",
    "http://127.0.0.1.example/mcp",
    "https://user:secret@mcp.example.com/mcp",
    "https://mcp.example.com/mcp#part",
    "https://mcp.example.com/mcp#",
    "HTTPS://mcp.example.com/mcp",
    "https://MCP.example.com/mcp",
    "https://mcp.example.com:443/mcp",
    "https://mcp.example.com/a/../mcp",
    "https://mcp.example.com\\mcp",
    'https://mcp.example.com/"',
    "https://mcp.example.com/ä",
    "https://mcp.example.com/a b",
    "https://mcp.example.com/mcp\r\nx: y",
    "https://",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "",
    undefined,
    `https://mcp.example.com/${"a".repeat(500)}`,
  ];
  for (const url of bad) assertEquals(problems(url).length > 0, true, String(url));
  assertStringIncludes(
    problems("https://MCP.example.com:443/mcp")[0]!,
    "https://mcp.example.com/mcp",
  );
  assertEquals(problems(`https://mcp.example.com/${"a".repeat(488)}`), []);
});

test("register_mcp_server bounds every field", () => {
  const valid = { environmentId: "env_1", name: "N", url: URL_OF_SERVER };
  const changes = [
    { name: "" },
    { name: "x".repeat(129) },
    { name: "a\u202eb" },
    { description: "" },
    { description: "x".repeat(513) },
    { accessTokenExpiry: 59 },
    { accessTokenExpiry: 86_401 },
    { accessTokenExpiry: 600.5 },
    { accessTokenExpiry: "600" },
    { scopes: ["a-b"] },
    { scopes: ["a b"] },
    { scopes: [""] },
    { scopes: ["a", "a"] },
    { scopes: Array.from({ length: 51 }, (_, n) => `s${n}`) },
    { provider: "" },
    { dynamicClientRegistration: "yes" },
    { useScalekitAuthentication: true },
  ];
  assertEquals(inputProblems("register_mcp_server", valid), []);
  for (const change of changes) {
    const problems = inputProblems("register_mcp_server", { ...valid, ...change });
    assert(problems.length > 0, JSON.stringify(change));
  }
});

test("register_mcp_server registers a URL once, and says what to do instead", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, name: "Orders", url: "https://orders.gatehouse.example/mcp" };
    const error = await assertRejects(
      () => callTool("register_mcp_server", input, { workspace }),
      AppError,
      "list_mcp_servers",
    );
    assertEquals(error.code, "conflict");
    const { totalSize } = await callTool("list_mcp_servers", { environmentId }, { workspace });
    assertEquals(totalSize, 1);
  }));
