/** How each client connects to this server: data for the page at `/` and for the start banner. */

import { jsonText } from "./json_text.ts";

/** One client with what to paste, and where. */
export interface ConnectionGuide {
  /** Unique; fit for an HTML id. */
  readonly id: string;
  readonly client: string;
  /** `person` signs in with a browser, `program` has a client or an access token of its own. */
  readonly audience: "person" | "program";
  /** One or two sentences of plain text. */
  readonly note: string;
  /** The file that the code belongs to, or `Terminal`. */
  readonly place: string;
  readonly language: "json" | "shell";
  readonly code: string;
}

/** The name that clients show for this server. */
const ALIAS = "gatehouse";
const EXAMPLE_SCOPES = "env:read org:read";
const INSPECTOR = "npx @modelcontextprotocol/inspector";

/** The MCP endpoint, and the authorization server that issues tokens for it. */
export interface Connectable {
  readonly resource: string;
  readonly issuer: string;
}

/** Returns the guides in the order of a first visit: people first, then programs. */
export function connectionGuides({ resource, issuer }: Connectable): readonly ConnectionGuide[] {
  return [
    {
      id: "claude-desktop",
      client: "Claude Desktop",
      audience: "person",
      note: "mcp-remote bridges stdio to this server and opens the browser to sign in. " +
        "Any other host that speaks only stdio takes the same entry.",
      place: "claude_desktop_config.json",
      language: "json",
      code: jsonText(mcpRemoteConfig(resource)),
    },
    {
      id: "claude-code",
      client: "Claude Code",
      audience: "person",
      note: "Then run /mcp inside Claude Code to sign in.",
      place: "Terminal",
      language: "shell",
      code: `claude mcp add --transport http ${ALIAS} ${resource}`,
    },
    {
      id: "vs-code",
      client: "VS Code",
      audience: "person",
      note: "Start the server from the file; VS Code asks you to sign in.",
      place: ".vscode/mcp.json",
      language: "json",
      code: jsonText({ servers: { [ALIAS]: { type: "http", url: resource } } }),
    },
    {
      id: "cursor",
      client: "Cursor",
      audience: "person",
      note: "For one project, use .cursor/mcp.json in its folder.",
      place: "~/.cursor/mcp.json",
      language: "json",
      code: jsonText({ mcpServers: { [ALIAS]: { url: resource } } }),
    },
    {
      id: "inspector",
      client: "MCP Inspector",
      audience: "person",
      note: "Opens a page on this machine to list the tools and call them by hand.",
      place: "Terminal",
      language: "shell",
      code: shell(INSPECTOR, `--server-url ${resource} --transport http`),
    },
    {
      id: "inspector-cli",
      client: "MCP Inspector, command line",
      audience: "program",
      note:
        "For scripts and continuous integration; it exits with a code that says what went wrong.",
      place: "Terminal",
      language: "shell",
      code: shell(
        `${INSPECTOR} --cli`,
        `--server-url ${resource} --transport http`,
        '--header "Authorization: Bearer $TOKEN"',
        "--method tools/list",
      ),
    },
    {
      id: "mcp-remote-client-credentials",
      client: "mcp-remote without a browser",
      audience: "program",
      note: "mcp-remote fills in the two variables and asks for tokens by itself. " +
        "On Windows, put each JSON argument into a file and pass @FILE.",
      place: "Configuration of the host",
      language: "json",
      code: jsonText(clientCredentialsConfig(resource)),
    },
    {
      id: "gatehouse-connect",
      client: "gatehouse connect",
      audience: "program",
      note:
        "For a host that speaks only stdio, without Node: the one executable asks for tokens, renews them, " +
        "and asks for more where a tool needs it. Write the whole path of the executable where the host does not find it.",
      place: "Configuration of the host",
      language: "json",
      code: jsonText(bridgeConfig(resource, issuer)),
    },
    {
      id: "curl",
      client: "curl",
      audience: "program",
      note: "Revisions up to 2025-11-25. No session is needed; initialize is optional.",
      place: "Terminal",
      language: "shell",
      code: curl(
        resource,
        ["MCP-Protocol-Version: 2025-11-25"],
        '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      ),
    },
    {
      id: "curl-stateless",
      client: "curl, revision 2026-07-28",
      audience: "program",
      note:
        "The headers repeat what the body says, so that a gateway can route without reading it.",
      place: "Terminal",
      language: "shell",
      code: curl(
        resource,
        ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"],
        `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{
    "io.modelcontextprotocol/protocolVersion":"2026-07-28",
    "io.modelcontextprotocol/clientCapabilities":{}}}}`,
      ),
    },
  ];
}

/** Returns how a program gets an access token with a client of the embedded authorization server, or of one elsewhere. */
export function tokenGuide(
  { resource, issuer }: Connectable,
  embedded: boolean,
): ConnectionGuide {
  const pin = isToBeNamed(resource, issuer) ? ` --issuer ${issuer}` : "";
  const register = `gatehouse clients add my-agent --scopes "${EXAMPLE_SCOPES}"`;
  const variables = "GATEHOUSE_CLIENT_ID and GATEHOUSE_CLIENT_SECRET";
  return {
    id: "token",
    client: "An access token",
    audience: "program",
    note: embedded
      ? "The first command registers a client and shows its credentials this once. The second reads " +
        `${variables}; on the server's own machine it needs neither.`
      : `Register a client at the authorization server and put its credentials into ${variables}.`,
    place: "Terminal",
    language: "shell",
    code: [
      ...(embedded ? [register] : []),
      `TOKEN=$(gatehouse token --url ${new URL(resource).origin}${pin})`,
    ].join("\n"),
  };
}

/** Returns the value of claude_desktop_config.json that reaches the resource through mcp-remote. */
export function mcpRemoteConfig(resource: string): {
  readonly mcpServers: Readonly<
    Record<string, { readonly command: string; readonly args: readonly string[] }>
  >;
} {
  return { mcpServers: { [ALIAS]: { command: "npx", args: mcpRemoteArgs(resource) } } };
}

function clientCredentialsConfig(resource: string): Record<string, unknown> {
  const credentials = {
    client_id: "${GATEHOUSE_CLIENT_ID}",
    client_secret: "${GATEHOUSE_CLIENT_SECRET}",
  };
  return {
    mcpServers: {
      [ALIAS]: {
        command: "npx",
        args: [
          ...mcpRemoteArgs(resource),
          "--client-credentials",
          "--static-oauth-client-info",
          JSON.stringify(credentials),
          // mcp-remote does not step up in this mode: what a program needs is asked for at once.
          "--static-oauth-client-metadata",
          JSON.stringify({ scope: EXAMPLE_SCOPES }),
        ],
        env: { GATEHOUSE_CLIENT_ID: "...", GATEHOUSE_CLIENT_SECRET: "..." },
      },
    },
  };
}

/** Our commands send a secret to an issuer elsewhere only where its client says so itself. */
function isToBeNamed(resource: string, issuer: string): boolean {
  return new URL(issuer).protocol === "https:" &&
    new URL(issuer).origin !== new URL(resource).origin;
}

function bridgeConfig(resource: string, issuer: string): Record<string, unknown> {
  return {
    mcpServers: {
      [ALIAS]: {
        command: "gatehouse",
        args: ["connect", resource],
        env: {
          GATEHOUSE_CLIENT_ID: "...",
          GATEHOUSE_CLIENT_SECRET: "...",
          ...(isToBeNamed(resource, issuer) && { GATEHOUSE_CLIENT_ISSUER: issuer }),
        },
      },
    },
  };
}

function mcpRemoteArgs(resource: string): readonly string[] {
  const { protocol, hostname } = new URL(resource);
  // mcp-remote 0.15 takes plain http for these two names alone; [::1] is not among them.
  const secure = protocol === "https:" || hostname === "localhost" || hostname === "127.0.0.1";
  return ["-y", "mcp-remote", resource, ...(secure ? [] : ["--allow-http"])];
}

function curl(resource: string, headers: readonly string[], body: string): string {
  return shell(
    `curl -sS ${resource}`,
    '-H "Authorization: Bearer $TOKEN"',
    '-H "Content-Type: application/json"',
    '-H "Accept: application/json, text/event-stream"',
    ...headers.map((header) => `-H "${header}"`),
    `-d '${body}'`,
  );
}

function shell(...lines: readonly string[]): string {
  return lines.join(" \\\n  ");
}
