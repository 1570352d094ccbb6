/** What the tools about MCP servers have in common: their arguments, and what a server has to publish to be found. */

import { z } from "zod";
import { bearerChallenge } from "../auth/challenge.ts";
import { isSecureUrl } from "../auth/fetch_json.ts";
import { WELL_KNOWN_PATH } from "../auth/metadata.ts";
import type { Environment } from "../store/workspace.ts";
import type { McpServer } from "../store/workspace/mcp_servers.ts";
import { distinct, line, scopeName } from "./shapes.ts";

/** Servers of the seed system that are older than this prefix have `app_`. */
export const mcpServerId = z.string()
  .regex(/^(res|app)_[A-Za-z0-9]{1,28}$/, {
    error: "Must be res_ (or app_) and up to 28 letters or digits; list_mcp_servers returns it",
  })
  .describe("Id of the MCP server, from list_mcp_servers")
  .meta({ examples: ["res_01EXAMPLE"] });

const MAX_URL = 512;

/** A resource identifier (RFC 9728 section 1.2), in the one spelling that clients arrive at (WHATWG URL). */
const serverUrl = z.string()
  .max(MAX_URL)
  .regex(/^https?:\/\/[\x21-\x7e]{1,504}$/, {
    error: "Must be an https URL, or http on a loopback address, in ASCII and without spaces",
  })
  .superRefine((text, { addIssue }) => {
    const fault = faultOfUrl(text);
    if (fault !== undefined) addIssue({ code: "custom", message: fault });
  });

function faultOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return "Must be a URL such as https://mcp.example.com/mcp";
  if (text.includes("#")) return "Must have no fragment";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "Must hold no user name or password";
  if (!isSecureUrl(text)) return "Must be https; plain http is for loopback addresses only";
  // Tokens are bound to it letter by letter, and clients ask for the spelling that their URL parser makes of it.
  if (url.href === text || url.href === `${text}/`) return undefined;
  return url.href.length <= MAX_URL
    ? `Must be spelled as clients spell it: ${url.href}`
    : "Must be spelled as clients spell it, percent-encoded where that is needed";
}

/** What describes a server; registering and updating bound it alike. */
export const serverFields = {
  name: line(128).describe("Name for people; who consents to a client's access reads it")
    .meta({ examples: ["Orders"] }),
  url: serverUrl
    .describe(
      "The URL that clients connect to, exactly: it becomes the audience of their tokens, so a slash more or less is " +
        "another server",
    )
    .meta({ examples: ["https://mcp.example.com/mcp"] }),
  provider: line(64)
    .describe("Name of your own sign-in system, where people shall not sign in at the environment")
    .meta({ examples: ["Acme ID"] }),
  accessTokenExpiry: z.int().min(60).max(86_400)
    .describe("Seconds that an access token lasts, 60 to 86400; 300 to 3600 is usual"),
  scopes: distinct(scopeName.describe("Name of the scope at the server"), {
    minLength: 0,
    maxLength: 50,
  }, (scope) => scope)
    .describe("Names of the scopes that clients can ask for; few, as clients ask for all of them")
    .meta({ examples: [["orders:read", "orders:write"]] }),
  dynamicClientRegistration: z.boolean()
    .describe("Whether clients may register themselves (DCR, RFC 7591)"),
  clientIdMetadataDocuments: z.boolean()
    .describe("Whether a client may be known by the URL of its metadata document (CIMD)"),
};

export const listedMcpServer = z.object({
  id: z.string().describe("Takes the place of mcpServerId in other tools"),
  environmentId: z.string(),
  name: z.string(),
  description: z.string().optional(),
  url: z.string().describe("What clients connect to, and the audience of their tokens"),
  provider: z.string()
    .describe("The server's own sign-in system; absent where people sign in at the environment")
    .optional(),
  accessTokenExpiry: z.int().describe("Seconds"),
  scopes: z.array(z.string()).readonly(),
  dynamicClientRegistration: z.boolean(),
  clientIdMetadataDocuments: z.boolean(),
  createTime: z.string().describe("RFC 3339"),
  updateTime: z.string().describe("RFC 3339"),
});

export const mcpServer = listedMcpServer.extend({
  setup: z.object({
    metadataUrl: z.string().describe("Serve the metadata here, as application/json, to everybody"),
    metadata: z.object({
      resource: z.string(),
      authorization_servers: z.array(z.string()).readonly(),
      scopes_supported: z.array(z.string()).readonly().optional(),
      bearer_methods_supported: z.array(z.string()).readonly(),
      resource_name: z.string(),
    }).describe("The protected resource metadata (RFC 9728); serve it as it is"),
    wwwAuthenticate: z.string()
      .describe("Send this WWW-Authenticate header with every 401 to a request without a token"),
    audience: z.string()
      .describe("Refuse every token whose aud does not hold this, letter by letter"),
  }).describe("What the MCP server itself has to publish and to check"),
});

/** A server with what it has to publish so that clients find the environment's authorization server. */
export function describeMcpServer(
  server: McpServer,
  { domain }: Environment,
): z.input<typeof mcpServer> {
  const { id, name, url, scopes } = server;
  const metadataUrl = metadataUrlOf(url);
  return {
    ...server,
    setup: {
      metadataUrl,
      metadata: {
        resource: url,
        authorization_servers: [`https://${domain}/resources/${id}`],
        // An empty list must be left out (RFC 9728 section 3.2).
        ...(scopes.length > 0 && { scopes_supported: scopes }),
        bearer_methods_supported: ["header"],
        resource_name: name,
      },
      wwwAuthenticate: bearerChallenge({ resourceMetadata: metadataUrl, scopes }),
      audience: url,
    },
  };
}

/** The well-known part stands between host and path; a path that is only a slash is left out (RFC 9728 section 3.1). */
function metadataUrlOf(resource: string): string {
  const { origin, pathname, search } = new URL(resource);
  return origin + WELL_KNOWN_PATH + (pathname === "/" ? "" : pathname) + search;
}
