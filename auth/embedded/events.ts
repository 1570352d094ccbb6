/** What becomes of the library's events: lines in the log, records in the audit trail, and RFC names for its refusals. */

import type { AuditEvent, AuditLog } from "../../store/audit.ts";
import type { LibraryClient, LibraryContext, LibraryError, Provider } from "./library.ts";
import { answerOutage, describeFailure } from "./outage.ts";
import { NOT_BY_THE_LIBRARY } from "./revoke_endpoint.ts";

/** What of the audit trail is needed here; `refuse` may count a flood instead of writing it down. */
export interface AuthorizationAudit extends Pick<AuditLog, "record" | "fingerprint"> {
  refuse(event: AuditEvent): void;
}

export interface EventParts {
  readonly issuer: string;
  readonly audit: AuthorizationAudit;
  readonly log: (message: string, properties?: Record<string, unknown>) => void;
  readonly clientUsed: (clientId: string) => Promise<void>;
}

/** An access token that is about to be signed. */
export interface IssuedToken {
  readonly jti: string;
  readonly clientId: string;
  readonly grantId?: string;
  /** Absent where a client acts for itself. */
  readonly accountId?: string;
  readonly scope?: string;
}

const ACTOR = "authorization-server";
/** Refusals that are not about a grant's parameters still say no to somebody; each names its event. */
const REFUSALS: Readonly<Record<string, { message: string; event: AuditEvent["event"] }>> = {
  "grant.error": { message: "A token request was refused", event: "token.refused" },
  "revocation.error": { message: "A revocation was refused", event: "access.revoked" },
  "authorization.error": {
    message: "An authorization request was refused",
    event: "token.refused",
  },
  "registration_create.error": {
    message: "A registration was refused",
    event: "client.registered",
  },
};
/** At these clients authenticate, and a refusal has an RFC name. */
const ENDPOINTS = new Set(["grant.error", "revocation.error"]);

/** Takes down that a token was issued; the library waits for what calls this before it signs. */
export function recordIssued(
  { issuer, audit }: Pick<EventParts, "issuer" | "audit">,
  ctx: LibraryContext | undefined,
  token: IssuedToken,
): void {
  const { clientId, accountId, jti, scope } = token;
  audit.record({
    ...ownEvent("token.issued", "allow", "ok", ctx),
    principal: {
      issuer,
      kind: accountId === undefined ? "client" : "user",
      subject: accountId ?? clientId,
      clientId,
      tokenId: audit.fingerprint(jti),
    },
    scopes: { required: [], granted: scope?.split(" ").filter(Boolean) ?? [], missing: [] },
    details: { grantType: String(ctx?.oidc.params?.["grant_type"] ?? "") },
  });
}

/** Listens to everything that says yes or no to somebody, and to what fails. */
export function reportEvents(provider: Provider, parts: EventParts): void {
  const { log, audit, clientUsed } = parts;
  provider.on("grant.success", ({ oidc }: LibraryContext) => {
    clientUsed(oidc.client?.clientId ?? "").catch((error) =>
      log("A client's use could not be recorded", { error: String(error) })
    );
  });
  for (const [name, { message, event }] of Object.entries(REFUSALS)) {
    provider.on(name, (ctx: LibraryContext, error: LibraryError) => {
      if (error.error === NOT_BY_THE_LIBRARY) return;
      if (ENDPOINTS.has(name)) nameRefusal(ctx, error);
      const clientId = ctx.oidc.client?.clientId;
      log(message, {
        error: error.error,
        detail: error.error_detail ?? error.error_description,
        clientId,
      });
      const refused = ownEvent(event, "deny", reasonOf(ctx, error), ctx);
      audit.refuse({ ...refused, ...callerOf(ctx, parts) });
    });
  }
  provider.on("registration_create.success", (ctx: LibraryContext, client: LibraryClient) => {
    log("A client registered", { clientId: client.clientId, name: client.clientName });
    audit.record({
      ...ownEvent("client.registered", "allow", "ok", ctx),
      details: { clientId: client.clientId, name: client.clientName ?? "" },
    });
  });
  provider.on("grant.revoked", (ctx: LibraryContext, grantId: string) => {
    const { clientId = "" } = ctx.oidc.client ?? {};
    log("A grant was revoked", { clientId });
    audit.record({
      ...ownEvent("grant.revoked", "allow", "ok", ctx),
      details: { clientId, grant: audit.fingerprint(grantId), endpoint: ctx.oidc.route },
    });
  });
  provider.on("server_error", (ctx: LibraryContext, error: unknown) => {
    log("The authorization server failed", describeFailure(error));
    answerOutage(ctx, error);
  });
  // Koa writes to the console what nobody listens to.
  provider.on("error", (error: unknown) => {
    log("The authorization server failed", { error: String(error) });
  });
}

function ownEvent(
  event: AuditEvent["event"],
  decision: AuditEvent["decision"],
  reason: string,
  ctx: LibraryContext | undefined,
): AuditEvent {
  return {
    event,
    time: new Date().toISOString(),
    decision,
    reason,
    actor: ACTOR,
    request: {
      id: crypto.randomUUID(),
      peer: peerOf(ctx),
      httpMethod: ctx?.method ?? "",
      path: (ctx?.path ?? "").slice(0, 128),
    },
  };
}

/** A client that proved who it is, or the name that somebody gave. */
function callerOf(
  { oidc }: LibraryContext,
  { issuer }: EventParts,
): Pick<AuditEvent, "principal" | "details"> {
  const grantType = String(oidc.params?.["grant_type"] ?? "").slice(0, 64);
  const claimed = oidc.params?.["client_id"];
  const clientId = oidc.client?.clientId;
  if (clientId === undefined) {
    return {
      details: {
        grantType,
        ...(typeof claimed === "string" && { claimedClientId: claimed.slice(0, 256) }),
      },
    };
  }
  return {
    principal: { issuer, kind: "client", subject: clientId, clientId },
    details: { grantType },
  };
}

/** The OAuth error code, which is a word of the RFCs. */
function reasonOf({ body }: LibraryContext, { error }: LibraryError): string {
  const named = (body as { readonly error?: unknown } | undefined)?.error;
  return typeof named === "string" ? named : error ?? "server_error";
}

/** The socket's: nobody in front of this listener is believed. */
function peerOf(ctx: LibraryContext | undefined): string {
  return ctx?.req.socket.remoteAddress ?? "";
}

/** The library's words for credentials that it finds none of, or cannot read. */
const UNREADABLE_CREDENTIALS = new Set([
  "no client authentication mechanism provided",
  "invalid authorization header value format",
  "client_id and client_secret in the authorization header are not properly encoded",
  "client_secret must be provided in the Authorization header",
  "invalid client_assertion format",
]);

/** Gives refusals their names of RFC 6749 section 5.2 (and RFC 7521 section 4.2.1) where the library says invalid_request. */
function nameRefusal(ctx: LibraryContext, error: LibraryError): void {
  const description = error.error_description ?? "";
  if (description === "requested grant type is not allowed for this client") {
    ctx.body = { error: "unauthorized_client", error_description: description };
  }
  if (UNREADABLE_CREDENTIALS.has(description)) {
    ctx.status = 401;
    ctx.body = { error: "invalid_client", error_description: "client authentication failed" };
  }
  if (ctx.status === 401 && !ctx.response.get("www-authenticate")) {
    ctx.set("www-authenticate", 'Basic realm="gatehouse"');
  }
}
