/** Holds the connection settings to what the clients read. */

import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connectionGuides, mcpRemoteConfig, tokenGuide } from "../../../http/pages/connect.ts";
import { jsonText } from "../../../http/pages/json_text.ts";

const RESOURCE = "https://mcp.example.com/mcp";
const ISSUER = "https://mcp.example.com";
const ELSEWHERE = "https://login.example.net/";

function codeOf(id: string, issuer = ISSUER): string {
  return connectionGuides({ resource: RESOURCE, issuer }).find((guide) => guide.id === id)!.code;
}

test("connectionGuides() covers every client once and names the resource in each", () => {
  const guides = connectionGuides({ resource: RESOURCE, issuer: ISSUER });
  const ids = guides.map((guide) => guide.id);
  assertEquals(new Set(ids).size, ids.length);
  for (
    const id of ["claude-desktop", "claude-code", "vs-code", "cursor", "inspector", "curl"]
  ) assert(ids.includes(id), `${id} is missing`);
  for (const guide of guides) {
    assertStringIncludes(guide.code, RESOURCE);
    assert(guide.note !== "" && guide.place !== "");
    if (guide.language === "json") JSON.parse(guide.code);
  }
});

test("connectionGuides() writes each settings file in its client's form", () => {
  assertEquals(JSON.parse(codeOf("claude-desktop")), mcpRemoteConfig(RESOURCE));
  assertEquals(JSON.parse(codeOf("vs-code")), {
    servers: { gatehouse: { type: "http", url: RESOURCE } },
  });
  assertEquals(JSON.parse(codeOf("cursor")), { mcpServers: { gatehouse: { url: RESOURCE } } });
  assertEquals(codeOf("claude-code"), `claude mcp add --transport http gatehouse ${RESOURCE}`);
});

test("connectionGuides() gives mcp-remote credentials as JSON with variables", () => {
  const { args, env } = JSON.parse(codeOf("mcp-remote-client-credentials")).mcpServers.gatehouse;
  assertEquals(args.slice(0, 4), ["-y", "mcp-remote", RESOURCE, "--client-credentials"]);
  const credentials = JSON.parse(args[args.indexOf("--static-oauth-client-info") + 1]);
  for (const placeholder of Object.values(credentials)) {
    assert(Object.keys(env).some((name) => placeholder === `\${${name}}`));
  }
  JSON.parse(args[args.indexOf("--static-oauth-client-metadata") + 1]);
});

test("connectionGuides() gives the bridge its credentials by the environment, never as arguments", () => {
  const { command, args, env } = JSON.parse(codeOf("gatehouse-connect")).mcpServers.gatehouse;
  assertEquals([command, ...args], ["gatehouse", "connect", RESOURCE]);
  assertEquals(Object.keys(env), ["GATEHOUSE_CLIENT_ID", "GATEHOUSE_CLIENT_SECRET"]);
  // Where the issuer is elsewhere, the bridge sends the secret only if its client named it.
  const pinned = JSON.parse(codeOf("gatehouse-connect", ELSEWHERE)).mcpServers.gatehouse;
  assertEquals(pinned.env["GATEHOUSE_CLIENT_ISSUER"], ELSEWHERE);
});

test("connectionGuides() gives curl a body that is JSON and that its headers agree with", () => {
  for (const id of ["curl", "curl-stateless"]) {
    const code = codeOf(id);
    const message = JSON.parse(/-d '(.*)'$/s.exec(code)![1]!);
    assertEquals(message.method, "tools/list");
    assertStringIncludes(code, "Authorization: Bearer $TOKEN");
    assertStringIncludes(code, "Accept: application/json, text/event-stream");
    const revision = message.params?._meta["io.modelcontextprotocol/protocolVersion"];
    assertStringIncludes(code, `MCP-Protocol-Version: ${revision ?? "2025-11-25"}`);
  }
  assertStringIncludes(codeOf("curl-stateless"), "Mcp-Method: tools/list");
});

test("mcpRemoteConfig() allows plain http only where mcp-remote asks for it", () => {
  const argsFor = (url: string) => mcpRemoteConfig(url).mcpServers["gatehouse"]!.args;
  for (const url of [RESOURCE, "http://localhost:8000/mcp", "http://127.0.0.1:8000/mcp"]) {
    assertEquals(argsFor(url), ["-y", "mcp-remote", url]);
  }
  for (const url of ["http://[::1]:8000/mcp", "http://build.internal:8000/mcp"]) {
    assertEquals(argsFor(url), ["-y", "mcp-remote", url, "--allow-http"]);
  }
});

test("tokenGuide() registers a client only at the embedded authorization server", () => {
  const own = { resource: RESOURCE, issuer: ISSUER };
  assertStringIncludes(tokenGuide(own, true).code, "gatehouse clients add");
  assertEquals(
    tokenGuide({ resource: RESOURCE, issuer: ELSEWHERE }, false).code,
    `TOKEN=$(gatehouse token --url https://mcp.example.com --issuer ${ELSEWHERE})`,
  );
  assertEquals(
    tokenGuide(own, false).code,
    "TOKEN=$(gatehouse token --url https://mcp.example.com)",
  );
});

test("jsonText() keeps short lists on one line and says the same as JSON.stringify()", () => {
  assertEquals(jsonText({ a: ["b", 1, null], c: {} }), '{\n  "a": ["b", 1, null],\n  "c": {}\n}');
  const value = {
    long: Array(30).fill("word"),
    deep: [{ a: [[]] }],
    text: '"[1,\n2]"',
    no: undefined,
  };
  assertEquals(JSON.parse(jsonText(value)), JSON.parse(JSON.stringify(value)));
  assert(jsonText(value).split("\n").length > 30);
});
