/** The MCP servers of customers of this workspace, whose clients an environment authorizes. */

import type { Page, PageRequest } from "./objects.ts";

/** One protected resource: the environment's authorization server issues access tokens for its URL. */
export interface McpServer {
  readonly id: string;
  readonly environmentId: string;
  readonly name: string;
  readonly description?: string;
  /** What clients type, and the audience of their access tokens; byte for byte. */
  readonly url: string;
  /** The sign-in of the server's own to which the environment sends people; absent where they sign in at the environment. */
  readonly provider?: string;
  /** How long its access tokens last, in seconds. */
  readonly accessTokenExpiry: number;
  /** Names of the scopes that clients can ask for. */
  readonly scopes: readonly string[];
  /** Whether clients may register themselves (RFC 7591). */
  readonly dynamicClientRegistration: boolean;
  /** Whether the URL of a client's metadata document is taken for its client id (CIMD). */
  readonly clientIdMetadataDocuments: boolean;
  readonly createTime: string;
  readonly updateTime: string;
}

export interface NewMcpServer {
  readonly name: string;
  readonly description?: string | undefined;
  readonly url: string;
  readonly provider?: string | undefined;
  readonly accessTokenExpiry: number;
  readonly scopes: readonly string[];
  readonly dynamicClientRegistration: boolean;
  readonly clientIdMetadataDocuments: boolean;
}

/** What is left out stays as it is; `null` removes. */
export interface McpServerChanges {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly url?: string | undefined;
  readonly provider?: string | null | undefined;
  readonly accessTokenExpiry?: number | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly dynamicClientRegistration?: boolean | undefined;
  readonly clientIdMetadataDocuments?: boolean | undefined;
}

export interface McpServers {
  /** Newest first. */
  listMcpServers(environmentId: string, page: PageRequest): Promise<Page<McpServer>>;
  getMcpServer(environmentId: string, mcpServerId: string): Promise<McpServer>;
  /** `conflict` when the URL is registered in the environment already. */
  registerMcpServer(environmentId: string, input: NewMcpServer): Promise<McpServer>;
  /** `conflict` as above. */
  updateMcpServer(
    environmentId: string,
    mcpServerId: string,
    changes: McpServerChanges,
  ): Promise<McpServer>;
  /** Returns it as it was. */
  deleteMcpServer(environmentId: string, mcpServerId: string): Promise<McpServer>;
}
