/** What every build of the server must answer on the wire, and requests as bytes for what no HTTP client would send. */

import { connect } from "node:net";
import { assert, assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { run, startProcess } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { signIn } from "./sign_in.ts";

/** An answer as it came; `status` is 0 where the connection was closed without one. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** All that came. */
  readonly text: string;
}

/**
 * Sends bytes and returns what comes back until the server closes, or until the time is up.
 *
 * Ask with `connection: close`, or wait for the time-out.
 */
export function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  timeoutMs = 2000,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const finish = () => {
      socket.destroy();
      resolve(parseAnswer(text));
    };
    socket.setTimeout(timeoutMs, finish);
    socket.on("data", (chunk) => text += chunk.toString("latin1"));
    // A server that refuses early may reset the connection; what came before counts.
    socket.on("error", finish);
    socket.on("close", finish);
    socket.write(bytes);
  });
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, end === -1 ? undefined : end).split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0),
    headers,
    body: end === -1 ? "" : text.slice(end + 4),
    text,
  };
}

/** Source code, a stack, a file of ours, a runtime's own error page. */
export const LEAK =
  /\bat .{0,80}:\d+:\d+|\.tsx?\b|\.js:\d|node_modules|\/\$bunfs\/|<!doctype|<html|TypeError|Bun v\d|Deno\./i;

/** Asks a running program for a token of its command-line client, as an operator would. */
export async function tokenOf(
  command: readonly string[],
  server: RunningProcess,
  options: { readonly cwd: string; readonly scopes: string },
): Promise<string> {
  const { cwd, scopes } = options;
  const done = await run([...command, "token", "--scopes", scopes], { cwd, env: server.env });
  assertEquals([done.code, done.stderr], [0, ""]);
  return done.stdout.trim();
}

/** Calls one tool in the plain form of revision 2025-06-18. */
export async function callTool(
  url: string,
  name: string,
  options: { readonly token?: string; readonly input?: Record<string, unknown> } = {},
): Promise<Response> {
  const { token, input = {} } = options;
  return await fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2025-06-18",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: input },
    }),
  });
}

/** What a first run leaves in its directory. */
export const FILES = [
  "gatehouse.audit",
  "gatehouse.audit.keys.json",
  "gatehouse.db",
  "gatehouse.keys.json",
];

/** Starts a build in an empty directory, and holds it to the wire, to its own authorization server, and to a clean stop. */
export async function checkBuild(command: readonly string[], cwd: string): Promise<void> {
  const env = { GATEHOUSE_STORE: "sqlite:gatehouse.db" };
  const server = await startProcess({ command, cwd, env });
  try {
    await checkWire(server, await tokenOf(command, server, { cwd, scopes: "env:read" }));
    // The library behind the pages loads files and looks up classes by name, where it is not bundled.
    const tokens = await signIn(server, "env:read");
    assertEquals([tokens["expires_in"], tokens["scope"]], [300, "env:read"]);
    assertEquals(typeof tokens["refresh_token"], "string");
    const token = String(tokens["access_token"]);
    const called = await callTool(server.url, "list_environments", { token });
    assertEquals(called.status, 200);
    await called.body?.cancel();
  } finally {
    assertEquals(await server.stop(), 0);
  }
  assertNotMatch(server.stderr, /"level":"(WARN|ERROR|FATAL)/);
}

/** Holds a server to its answers: 401 with a challenge, 200, 403, and nothing for a hostile Host. `token` has `env:read` alone. */
export async function checkWire(
  { url, port }: { readonly url: string; readonly port: number },
  token: string,
): Promise<void> {
  const metadataUrl = `${url}/.well-known/oauth-protected-resource/mcp`;
  const refused = await callTool(url, "list_environments");
  assertEquals(refused.status, 401);
  assertStringIncludes(refused.headers.get("www-authenticate") ?? "", metadataUrl);
  assertEquals((await refused.json()).error, "unauthorized");
  const metadata = await (await fetch(metadataUrl)).json();
  assertEquals(metadata.resource, `${url}/mcp`);

  const called = await callTool(url, "list_environments", { token });
  assertEquals(called.status, 200);
  assertStringIncludes(await called.text(), "env_");
  const query = { query: "trusted proxies" };
  const documented = await callTool(url, "search_docs", { token, input: query });
  assertStringIncludes(await documented.text(), "docs/operations.md#behind-a-proxy");
  const input = { environmentId: "env_1", displayName: "Never made" };
  const forbidden = await callTool(url, "create_organization", { token, input });
  assertEquals(forbidden.status, 403);
  const body = await forbidden.json();
  assertEquals([body.error, body.required_scopes], ["insufficient_scope", ["org:write"]]);

  for (const [name, bytes] of Object.entries(hostileRequests(port, token))) {
    const answer = await sendRaw(port, bytes);
    assert(
      answer.status === 0 || answer.status >= 400 && answer.status < 500,
      `${name}: ${answer.text}`,
    );
    assertNotMatch(answer.text, LEAK, name);
  }
  const health = await fetch(`${url}/healthz`);
  assertEquals([health.status, await health.text()], [200, '{"status":"ok"}']);
}

/** Requests that address another host, or nobody, with a token that would do. */
function hostileRequests(port: number, token: string): Record<string, string> {
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const request = (target: string, ...hosts: readonly string[]) =>
    [
      `POST ${target} HTTP/1.1`,
      ...hosts.map((host) => `host: ${host}`),
      `authorization: Bearer ${token}`,
      "content-type: application/json",
      "accept: application/json, text/event-stream",
      `content-length: ${body.length}`,
      "connection: close",
      "",
      body,
    ].join("\r\n");
  const own = `localhost:${port}`;
  return {
    "foreign host": request("/mcp", "evil.example"),
    "own name, other port": request("/mcp", `localhost:${port + 1}`),
    "user information": request("/mcp", `evil.example@${own}`),
    "address as a number": request("/mcp", `2130706433:${port}`),
    "no host": request("/mcp"),
    "empty host": request("/mcp", ""),
    "two hosts": request("/mcp", own, "evil.example"),
    "markup": request("/mcp", "<script>alert(1)</script>"),
    "not a host": request("/mcp", "a b"),
    "half an address": request("/mcp", "["),
    "not a target": request("evil.example/mcp", own),
    "no HTTP": "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
  };
}
