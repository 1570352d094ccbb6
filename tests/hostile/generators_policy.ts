/** Who may send what in which revision, and what they hear: a table written from the documents, and every request it speaks of. */

export const ERAS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] as const;
export type Era = typeof ERAS[number];

export const CREDENTIALS = [
  "no token",
  "invalid token",
  "no scopes",
  "read scopes",
  "all scopes",
] as const;
export type Credential = typeof CREDENTIALS[number];

/** The scope claim of each valid token. */
export const SCOPE_CLAIMS: Readonly<Partial<Record<Credential, string>>> = {
  "no scopes": "",
  "read scopes": "env:read org:read wks:read",
  "all scopes": "access:write env:write org:write wks:write",
};
/** What each of these tokens covers (R48). */
const COVERED: Readonly<Partial<Record<Credential, readonly string[]>>> = {
  "no scopes": [],
  "read scopes": ["env:read", "org:read", "wks:read"],
  "all scopes": [
    "access:read",
    "access:write",
    "env:read",
    "env:write",
    "org:read",
    "org:write",
    "wks:read",
    "wks:write",
  ],
};
const BASELINE = "env:read org:read wks:read";

/** The scopes of each shipped tool, all of which it needs; `undefined` for what every verified caller may call. */
export const TOOL_SCOPES: ReadonlyMap<string, string | undefined> = new Map(Object.entries({
  add_post_logout_redirect_uri: "env:write",
  add_redirect_uri: "env:write",
  create_connected_account_magic_link: "env:write",
  create_connection: "env:write org:write",
  create_environment_client_secret: "env:write",
  create_environment_role: "env:write",
  create_environment_scope: "env:write",
  create_organization: "org:write",
  create_organization_user: "org:write",
  delete_connected_account: "env:write",
  delete_connection: "env:write org:write",
  delete_environment_role: "env:write",
  delete_environment_scope: "env:write",
  delete_mcp_server: "env:write",
  delete_organization: "org:write",
  disable_environment_connection: "env:write",
  disable_organization_connection: "org:write",
  enable_environment_connection: "env:write",
  enable_organization_connection: "org:write",
  explain_access: undefined,
  generate_admin_portal_link: "org:write",
  get_connected_account: "env:read",
  get_connection: "env:read org:read",
  get_environment_credentials: "env:read",
  get_environment_details: "env:read",
  get_environment_role: "env:read",
  get_mcp_server: "env:read",
  get_organization_details: "org:read",
  get_user: "org:read",
  import_organization_users: "org:write",
  invite_workspace_member: "wks:write",
  list_audit_events: "audit:read",
  list_connected_accounts: "env:read",
  list_environment_connections: "env:read",
  list_environment_roles: "env:read",
  list_environment_scopes: "env:read",
  list_environments: "env:read",
  list_mcp_servers: "env:read",
  list_organization_connections: "org:read",
  list_organization_users: "org:read",
  list_organizations: "org:read",
  list_redirect_uris: "env:read",
  list_revocations: "access:read",
  list_users: "org:read",
  list_workspace_members: "wks:read",
  register_mcp_server: "env:write",
  remove_initiate_login_uri: "env:write",
  remove_organization_user: "org:write",
  remove_post_logout_redirect_uri: "env:write",
  remove_redirect_uri: "env:write",
  remove_workspace_member: "wks:write",
  restore_access: "access:write",
  revoke_access: "access:write",
  revoke_admin_portal_links: "org:write",
  revoke_environment_client_secret: "env:write",
  search_docs: undefined,
  search_organizations: "org:read",
  set_default_roles: "env:write",
  set_initiate_login_uri: "env:write",
  set_organization_user_roles: "org:write",
  switch_mcp_auth_to_scalekit: "env:write",
  update_connection: "env:write org:write",
  update_environment_role: "env:write",
  update_environment_scope: "env:write",
  update_mcp_server: "env:write",
  update_organization: "org:write",
  update_organization_settings: "org:write",
  update_user: "org:write",
  update_workspace_member: "wks:write",
  whoami: undefined,
}));

/** What a caller with a valid token hears: a result, JSON-RPC's "method not found", a stream, or nothing. */
type Answer = "result" | "unknown method" | "unknown name" | "stream" | "accepted";

/** Every method of every revision, by what this server answers; names that nothing has are for `NAMED`. */
const METHODS: Readonly<Record<string, { readonly legacy: Answer; readonly modern: Answer }>> = {
  "initialize": { legacy: "result", modern: "unknown method" },
  "ping": { legacy: "result", modern: "unknown method" },
  "server/discover": { legacy: "unknown method", modern: "result" },
  "tools/list": both("result"),
  "resources/list": both("result"),
  "resources/templates/list": both("result"),
  "resources/read": both("unknown name"),
  "resources/subscribe": both("unknown method"),
  "resources/unsubscribe": both("unknown method"),
  "prompts/list": both("result"),
  "prompts/get": both("unknown name"),
  "completion/complete": both("unknown name"),
  "logging/setLevel": both("unknown method"),
  "subscriptions/listen": { legacy: "unknown method", modern: "stream" },
  "tasks/list": both("unknown method"),
  "tasks/get": both("unknown method"),
  "sampling/createMessage": both("unknown method"),
  "roots/list": both("unknown method"),
  "elicitation/create": both("unknown method"),
  "notifications/initialized": both("accepted"),
  "notifications/cancelled": both("accepted"),
  "notifications/progress": both("accepted"),
  "notifications/roots/list_changed": both("accepted"),
  "notifications/unheard": both("accepted"),
  "tools/delete": both("unknown method"),
  "TOOLS/CALL": both("unknown method"),
  "rpc.discover": both("unknown method"),
  "__proto__": both("unknown method"),
};

/** A message about each resource and prompt, and the scopes that it needs. */
const NAMED: Readonly<
  Record<string, {
    readonly method: string;
    readonly needs: readonly string[];
    params(targets: Targets): Record<string, unknown>;
    /** Before 2026-07-28 there is no such method. */
    readonly modernOnly?: true;
    readonly answer: Answer;
  }>
> = {
  "an environment": {
    ...reading(({ environmentId }) => `environment://${environmentId}`),
    needs: ["env:read"],
  },
  "an environment's organizations": {
    ...reading(({ environmentId }) => `environment://${environmentId}/organizations`),
    needs: ["org:read"],
  },
  "an organization": {
    ...reading(({ environmentId, organizationId }) =>
      `organization://${environmentId}/${organizationId}`
    ),
    needs: ["org:read"],
  },
  "an organization's users": {
    ...reading(({ environmentId, organizationId }) =>
      `organization://${environmentId}/${organizationId}/users`
    ),
    needs: ["org:read"],
  },
  "the members": { ...reading(() => "workspace://members"), needs: ["wks:read"] },
  "onboarding": {
    ...writing("onboard_customer", ({ environmentId }) => ({ environmentId, displayName: "Acme" })),
    needs: ["env:read", "org:write"],
  },
  "an audit": {
    ...writing("audit_access", (targets) => ({ ...targets })),
    needs: ["env:read", "org:read", "wks:read"],
  },
  "offboarding": {
    ...writing("offboard_person", ({ environmentId }) => ({
      environmentId,
      email: "ada@example.com",
    })),
    needs: ["env:read", "org:write", "wks:write", "access:write"],
  },
  "completing a template": {
    method: "completion/complete",
    params: () => ({
      ref: { type: "ref/resource", uri: "environment://{environmentId}/organizations" },
      argument: { name: "environmentId", value: "" },
    }),
    needs: ["org:read", "env:read"],
    answer: "result",
  },
  "completing a prompt": {
    method: "completion/complete",
    params: () => ({
      ref: { type: "ref/prompt", name: "onboard_customer" },
      argument: { name: "environmentId", value: "" },
    }),
    needs: ["env:read", "org:write"],
    answer: "result",
  },
  "following two resources": {
    method: "subscriptions/listen",
    params: ({ environmentId }) => ({
      notifications: {
        resourceSubscriptions: [`environment://${environmentId}`, "workspace://members"],
      },
    }),
    needs: ["env:read", "wks:read"],
    modernOnly: true,
    answer: "stream",
  },
};

function reading(uri: (targets: Targets) => string) {
  return {
    method: "resources/read",
    params: (targets: Targets) => ({ uri: uri(targets) }),
    answer: "result" as const,
  };
}

function writing(name: string, input: (targets: Targets) => Record<string, string>) {
  return {
    method: "prompts/get",
    params: (targets: Targets) => ({ name, arguments: input(targets) }),
    answer: "result" as const,
  };
}

function both(answer: Answer) {
  return { legacy: answer, modern: answer };
}

/** One request of the table. */
export interface Attempt {
  readonly era: Era;
  readonly credential: Credential;
  readonly method: string;
  /** In a `tools/call`. */
  readonly tool?: string;
  /** What a message is about, by its key in `NAMED`. */
  readonly named?: string;
}

/** What the table says about it; members that it does not name must not be there. */
export interface Verdict {
  readonly status: number;
  /** The RFC 6750 error of the body. */
  readonly error?: string;
  /** The code in the challenge, `null` where there is a challenge without one. */
  readonly challenge?: string | null;
  /** The scopes that the challenge asks for. */
  readonly scope?: string;
  readonly rpcCode?: number;
  readonly answer?: Answer;
}

export function* attempts(): Generator<Attempt> {
  for (const era of ERAS) {
    for (const credential of CREDENTIALS) {
      for (const method of Object.keys(METHODS)) yield { era, credential, method };
      for (const tool of [...TOOL_SCOPES.keys(), "no_such_tool", "constructor"]) {
        yield { era, credential, method: "tools/call", tool };
      }
      for (const [named, { method, modernOnly }] of Object.entries(NAMED)) {
        if (!modernOnly || era === "2026-07-28") yield { era, credential, method, named };
      }
    }
  }
}

export function verdictOn({ era, credential, method, tool, named }: Attempt): Verdict {
  const modern = era === "2026-07-28";
  const subject = named === undefined ? undefined : NAMED[named];
  const ofTool = tool === undefined ? undefined : TOOL_SCOPES.get(tool);
  const needed = subject?.needs ?? ofTool?.split(" ");
  // R22: the Mcp-Name header of 2026-07-28 tells what a caller is after before the body is read.
  const told = modern && NAMED_IN_HEADER.has(method) && needed !== undefined;
  const scope = told ? needed.join(" ") : BASELINE;
  // R19 and R21: nothing else of the request is looked at.
  if (credential === "no token") {
    return { status: 401, error: "unauthorized", challenge: null, scope };
  }
  if (credential === "invalid token") {
    return { status: 401, error: "invalid_token", challenge: "invalid_token", scope };
  }
  // R45, R46, H182: in every revision, and for everything that is named.
  if (needed?.some((one) => !COVERED[credential]!.includes(one))) {
    const error = "insufficient_scope";
    return { status: 403, error, challenge: error, scope: needed.join(" ") };
  }
  if (subject !== undefined) return { status: 200, answer: subject.answer };
  if (tool !== undefined) {
    // H180: uniform for every name that is no tool.
    if (!TOOL_SCOPES.has(tool)) return { status: 200, rpcCode: -32602 };
    return { status: 200, answer: "result" };
  }
  const answer = METHODS[method]![modern ? "modern" : "legacy"];
  if (answer === "accepted") return { status: 202, answer };
  // R72.
  if (answer === "unknown method") return { status: modern ? 404 : 200, rpcCode: -32601, answer };
  // H183: whatever the name.
  if (answer === "unknown name") return { status: 200, rpcCode: -32602 };
  return { status: 200, answer };
}

const NAMED_IN_HEADER = new Set(["tools/call", "resources/read", "prompts/get"]);

/** What a call of each tool sends, so that it would succeed where it ran. */
export interface Targets {
  readonly environmentId: string;
  readonly organizationId: string;
}

function argumentsOf(tool: string, targets: Targets, unique: number): unknown {
  const { environmentId } = targets;
  const person = { email: `person-${unique}@example.com`, roles: ["member"] };
  const known: Record<string, unknown> = {
    create_connected_account_magic_link: {
      environmentId,
      identifier: `person-${unique}`,
      connector: "github-dev",
    },
    create_connection: { environmentId, provider: "CUSTOM", type: "OIDC" },
    create_organization: { environmentId, displayName: `Organization ${unique}` },
    create_organization_user: { ...targets, ...person },
    generate_admin_portal_link: targets,
    explain_access: { tool: "whoami" },
    add_post_logout_redirect_uri: { environmentId, uri: `https://app.example.com/${unique}` },
    add_redirect_uri: { environmentId, uri: `https://app.example.com/${unique}` },
    create_environment_client_secret: { environmentId },
    create_environment_role: { environmentId, roleName: `role_${unique}`, displayName: "Probe" },
    create_environment_scope: { environmentId, scopeName: `probe:${unique}` },
    get_environment_credentials: { environmentId },
    get_environment_details: { environmentId },
    get_environment_role: { environmentId, roleName: "member" },
    get_organization_details: targets,
    import_organization_users: {
      ...targets,
      users: [{ ...person, email: `import-${unique}@example.com` }],
    },
    invite_workspace_member: { email: `guest-${unique}@example.com`, role: "USER" },
    list_connected_accounts: { environmentId },
    list_environment_connections: { environmentId },
    list_environment_roles: { environmentId },
    list_environment_scopes: { environmentId },
    list_environments: {},
    list_organization_connections: targets,
    list_mcp_servers: { environmentId },
    list_organization_users: targets,
    list_organizations: { environmentId },
    list_users: { environmentId },
    list_redirect_uris: { environmentId },
    list_workspace_members: {},
    register_mcp_server: { environmentId, name: "Probe", url: `https://${unique}.example/mcp` },
    restore_access: { revocationId: "rev_0" },
    revoke_access: { kind: "SUBJECT", value: `nobody-${unique}`, reason: "a probe" },
    search_docs: { query: "revoke" },
    search_organizations: { environmentId, query: "probe" },
    update_organization: { ...targets, metadata: { probe: `${unique}` } },
    set_default_roles: { environmentId, defaultMember: "member" },
    set_initiate_login_uri: { environmentId, uri: "https://app.example.com/login" },
    update_environment_role: { environmentId, roleName: "member", displayName: "Probe" },
    update_environment_scope: { environmentId, scopeName: "usr:read", enabled: true },
    update_organization_settings: { ...targets, features: [{ name: "sso", enabled: true }] },
    whoami: {},
  };
  return known[tool] ?? {};
}

/** The parameters that a client of the revision sends with a method. */
const PARAMETERS: Readonly<Record<string, Record<string, unknown>>> = {
  "resources/read": { uri: "file:///etc/passwd" },
  "resources/subscribe": { uri: "file:///etc/passwd" },
  "prompts/get": { name: "prompt" },
  "completion/complete": {
    ref: { type: "ref/prompt", name: "prompt" },
    argument: { name: "a", value: "" },
  },
  "logging/setLevel": { level: "debug" },
  "subscriptions/listen": { notifications: { toolsListChanged: true } },
  "tasks/get": { taskId: "task-1" },
  "notifications/cancelled": { requestId: 1, reason: "none" },
  "notifications/progress": { progressToken: 1, progress: 1 },
};

/** The body and the protocol headers of a request, but for its credential. */
export function requestOf(
  { era, method, tool, named: subject }: Attempt,
  targets: Targets,
  unique: number,
): { headers: Record<string, string>; body: string } {
  const modern = era === "2026-07-28";
  const client = { name: "policy", version: "1" };
  const params: Record<string, unknown> = { ...PARAMETERS[method] };
  if (method === "initialize") {
    Object.assign(params, { protocolVersion: era, capabilities: {}, clientInfo: client });
  }
  if (subject !== undefined) Object.assign(params, NAMED[subject]!.params(targets));
  if (tool !== undefined) {
    Object.assign(params, { name: tool, arguments: argumentsOf(tool, targets, unique) });
  }
  if (modern) {
    params["_meta"] = {
      "io.modelcontextprotocol/protocolVersion": era,
      "io.modelcontextprotocol/clientInfo": client,
      "io.modelcontextprotocol/clientCapabilities": {},
    };
  }
  const named = tool ?? params["name"] ?? params["uri"] ?? params["taskId"];
  return {
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      ...(modern || method !== "initialize" ? { "mcp-protocol-version": era } : {}),
      ...(modern ? { "mcp-method": method } : {}),
      ...(modern && typeof named === "string" ? { "mcp-name": named } : {}),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      ...(method.startsWith("notifications/") ? {} : { id: unique }),
      method,
      params,
    }),
  };
}
