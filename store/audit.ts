/** The audit trail: what is recorded of each decision, who writes it, and how it is read. */

import { AppError } from "../errors.ts";

/** What was decided. The names are part of the public surface. */
export type AuditEventName =
  /** A request that was refused before there was a message. */
  | "request.refused"
  /** A public document; a line in the log and no record, as it decides about nobody. */
  | "request.served"
  /** Refusals of one address that were counted instead of written one by one; `details` has the count. */
  | "requests.suppressed"
  /** A message other than a tool call: `tools/list`, `resources/read`, a subscription. */
  | "mcp.request"
  /** A tool with an effect is about to run; durable before it does. */
  | "tool.intent"
  /** A tool call that ended, or was refused. */
  | "tool.call"
  | "token.issued"
  | "token.refused"
  /** A person's grant to a client ended, and with it what came of it. */
  | "grant.revoked"
  | "client.added"
  | "client.registered"
  | "client.removed"
  /** A request to the operator's listener that had its credential, or was refused for want of it. */
  | "operator.request"
  | "access.revoked"
  | "access.restored"
  | "configuration.loaded"
  | "configuration.refused"
  | "server.started"
  | "server.stopped"
  /** Written by the log itself. */
  | "audit.started"
  | "audit.checkpoint"
  | "audit.gap";

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** One decision, free of tokens and of argument values that their tool does not mark. Absent members are left out. */
export interface AuditEvent {
  readonly event: AuditEventName;
  /** When it began, RFC 3339 with milliseconds. */
  readonly time: string;
  readonly decision: "allow" | "deny" | "fail";
  /** The tagged cause (`ok`, `insufficient_scope`, `jti_revoked`). */
  readonly reason: string;
  readonly request?: AuditRequest;
  /** Whose access token it was. */
  readonly principal?: AuditPrincipal;
  /** Who acted without an access token: `operator`, `cli`, `authorization-server`, `client`, `server`. */
  readonly actor?: string;
  readonly tool?: { readonly name: string; readonly effect: string };
  /** A resource or template by its name, with the URI that was read: one of ours, of ids alone. */
  readonly resource?: { readonly name: string; readonly uri?: string };
  readonly prompt?: { readonly name: string };
  readonly scopes?: {
    readonly required: readonly string[];
    readonly granted: readonly string[];
    readonly missing: readonly string[];
  };
  readonly input?: AuditInput;
  readonly outcome?: {
    readonly status?: number;
    readonly isError?: boolean;
    readonly durationMs?: number;
    /** Size of the answer's text. */
    readonly bytes?: number;
    /** Nothing was done: the result is that of an earlier call with the same idempotency key. */
    readonly replayed?: boolean;
  };
  readonly details?: { readonly [name: string]: JsonValue };
}

export interface AuditRequest {
  readonly id: string;
  /** W3C trace id, where the request is part of a trace. */
  readonly traceId?: string;
  readonly peer: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly era?: "modern" | "legacy";
  readonly rpcMethod?: string;
}

export interface AuditPrincipal {
  readonly issuer: string;
  readonly kind: "user" | "client";
  readonly subject: string;
  readonly clientId: string;
  /** `AuditLog.fingerprint()` of the token's `jti`. */
  readonly tokenId?: string;
}

export interface AuditInput {
  /** `AuditLog.fingerprint()` of the arguments. */
  readonly fingerprint: string;
  readonly bytes: number;
  /** The values of the fields that the tool marks as clear. */
  readonly clear?: { readonly [name: string]: JsonValue };
}

/** A written event with its place in the chain of its instance. */
export interface AuditRecord extends AuditEvent {
  readonly v: 1;
  /** The instance that wrote it. */
  readonly chain: string;
  /** Counts from 1 without gaps. */
  readonly seq: number;
  /** Hex SHA-256 of the record before it in the chain; 64 zeros for the first. */
  readonly prev: string;
}

/** The refusal of whoever would need a record that cannot be written. */
export function auditUnavailable(cause?: unknown): AppError {
  return new AppError("unavailable", "The audit trail cannot be written now; try again later", {
    reason: "audit_unavailable",
    retryAfterSeconds: 5,
    cause,
  });
}

/** Takes events down; one for each process. */
export interface AuditLog extends AuditReader {
  /** Takes an event that a crash may lose for as long as the group is not written (`flushMs`). Never throws. */
  record(event: AuditEvent): void;
  /**
   * Resolves when the event, and all that were taken before it, are durable.
   *
   * @throws {AppError} `unavailable` with reason `audit_unavailable`; the caller must not go on.
   */
  commit(event: AuditEvent): Promise<void>;
  /**
   * Whether events can be written now: false after a failed write, until one succeeds, and when too many wait.
   */
  readonly writable: boolean;
  /** Hex HMAC-SHA-256 of the canonical text (RFC 8785) under the audit key: tells equal from different, and nothing else. */
  fingerprint(value: JsonValue): string;
  /** Writes what waits; rejects as `commit` does. */
  flush(): Promise<void>;
  /** Writes what waits and a last checkpoint, and gives the chain back; never rejects. */
  close(): Promise<void>;
}

/** Filters, all of which a record must meet. */
export interface AuditQuery {
  readonly clientId?: string | undefined;
  readonly subject?: string | undefined;
  readonly tool?: string | undefined;
  readonly event?: AuditEventName | undefined;
  readonly decision?: AuditEvent["decision"] | undefined;
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  /** RFC 3339; inclusive. */
  readonly since?: string | undefined;
  /** RFC 3339; exclusive. */
  readonly until?: string | undefined;
  /** Only records of this caller: of its client and, for a person, of its subject. */
  readonly ownedBy?: Pick<AuditPrincipal, "issuer" | "kind" | "subject" | "clientId"> | undefined;
  readonly limit: number;
  /** Continues a former answer. */
  readonly pageToken?: string | undefined;
}

export interface AuditPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** Also of a page with fewer records than asked for, or none: each page costs a bounded amount of reading. */
  readonly nextPageToken?: string;
}

export interface AuditReader {
  /**
   * Finds records of every instance that writes to the same place, those that this process has taken and not yet
   * written included.
   *
   * @throws {AppError} `invalid_input` for a page token that was not issued for this query.
   */
  query(query: AuditQuery): Promise<AuditPage>;
}
