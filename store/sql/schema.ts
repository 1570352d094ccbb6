/** The tables as Kysely sees them; `migrations.ts` creates them. Times are RFC 3339 text, lists and maps JSON text. */

import type { Kysely } from "kysely";
import type { Environment, OrganizationUser, WorkspaceMember } from "../workspace.ts";
import type { RevocationTarget } from "../revocation.ts";
import type { ConnectedAccountRow, MagicLinkRow } from "./connected_accounts.ts";
import type { ConnectionDomainRow, ConnectionRow } from "./connections.ts";
import type { ClientSecretRow, EnvironmentClientRow } from "./environment_client.ts";
import type { NewId } from "./ids.ts";
import type { PortalLinkRow } from "./admin_portal_links.ts";
import type { RedirectUriRow } from "./redirect_uris.ts";
import type { RoleRow } from "./roles.ts";
import type { ScopeRow } from "./scopes.ts";
import type { AuditHeadRow, AuditLineRow } from "./migrations/9_audit.ts";
import type { SecretRow } from "./secrets.ts";

export interface Schema {
  gatehouse_migrations: { version: number; name: string; applied_at: string };
  environments: EnvironmentRow;
  organizations: OrganizationRow;
  users: UserRow;
  memberships: MembershipRow;
  workspace_members: WorkspaceMemberRow;
  mcp_servers: McpServerRow;
  clients: ClientRow;
  authorization_state: AuthorizationStateRow;
  replay: ReplayRow;
  revocations: RevocationRow;
  revocation_state: { id: number; revision: number };
  instances: InstanceRow;
  secrets: SecretRow;
  connections: ConnectionRow;
  connection_domains: ConnectionDomainRow;
  portal_links: PortalLinkRow;
  connected_accounts: ConnectedAccountRow;
  magic_links: MagicLinkRow;
  environment_roles: RoleRow;
  environment_scopes: ScopeRow;
  environment_clients: EnvironmentClientRow;
  environment_client_secrets: ClientSecretRow;
  redirect_uris: RedirectUriRow;
  idempotency: IdempotencyRow;
  audit_heads: AuditHeadRow;
  audit_lines: AuditLineRow;
}

export type Database = Kysely<Schema>;

/** What every part of the SQL store works with. */
export interface SqlContext {
  readonly db: Database;
  readonly newId: NewId;
  readonly now: () => Date;
}

export interface Times {
  create_time: string;
  update_time: string;
}

export interface EnvironmentRow extends Times {
  id: string;
  display_name: string;
  type: Environment["type"];
  region_code: NonNullable<Environment["regionCode"]>;
  domain: string;
  custom_domain: string | null;
  custom_domain_status: NonNullable<Environment["customDomainStatus"]> | null;
}

export interface OrganizationRow extends Times {
  id: string;
  environment_id: string;
  display_name: string;
  external_id: string | null;
  search_key: string;
  metadata: string;
  /** 0 or 1, as not every driver binds booleans. */
  sso_enabled: number;
  dir_sync_enabled: number;
}

/** A person in one environment; memberships tie them to its organizations. */
export interface UserRow extends Times {
  id: string;
  environment_id: string;
  email: string;
  email_key: string;
  external_id: string | null;
  given_name: string | null;
  family_name: string | null;
}

export interface MembershipRow extends Times {
  id: string;
  organization_id: string;
  user_id: string;
  roles: string;
  status: OrganizationUser["membershipStatus"];
}

export interface WorkspaceMemberRow extends Times {
  id: string;
  email: string;
  email_key: string;
  role: WorkspaceMember["role"];
  status: WorkspaceMember["status"];
}

export interface McpServerRow extends Times {
  id: string;
  environment_id: string;
  name: string;
  description: string | null;
  url: string;
  /** What two spellings of one URL have in common. */
  url_key: string;
  provider: string | null;
  access_token_expiry: number;
  scopes: string;
  /** 0 or 1. */
  dynamic_client_registration: number;
  client_id_metadata_documents: number;
}

export interface ClientRow {
  client_id: string;
  name: string;
  scopes: string;
  secret_hash: string | null;
  jwks: string | null;
  create_time: string;
}

export interface AuthorizationStateRow {
  model: string;
  id: string;
  payload: string;
  /** Milliseconds since the epoch. */
  expires_at: number | null;
  /** Seconds since the epoch. */
  consumed_at: number | null;
  grant_id: string | null;
  user_code: string | null;
  uid: string | null;
}

export interface ReplayRow {
  key: string;
  /** Milliseconds since the epoch. */
  expires_at: number;
}

export interface RevocationRow {
  id: string;
  kind: RevocationTarget["kind"];
  issuer: string;
  /** The token, client or subject; empty where the whole issuer is meant. */
  value: string;
  reason: string;
  actor: string;
  /** Seconds since the epoch. */
  issued_until: number | null;
  /** Milliseconds since the epoch. */
  expires_at: number | null;
  create_time: string;
  /** The revision of its last change. */
  revision: number;
  /** Milliseconds since the epoch; such a row only tells other instances. */
  removed_at: number | null;
}

export interface InstanceRow {
  instance: string;
  revision: number;
  /** Milliseconds since the epoch. */
  seen_at: number;
}

export interface IdempotencyRow {
  key: string;
  caller: string;
  input: string;
  holder: string;
  outcome: string | null;
  /** Milliseconds since the epoch, as the next one. */
  busy_until: number;
  expires_at: number;
}
