/** What an operator may send: the schema of a revocation, and that of a question to the audit trail. */

import { z } from "zod";
import { AppError } from "../../errors.ts";
import type { RevocationRequest } from "../../auth/access_control.ts";
import type { AuditQuery } from "../../store/audit.ts";
import { MAX_REASON_LENGTH } from "../../store/revocation.ts";

const issuer = z.string().min(1).max(2048);
const id = z.string().min(1).max(1024);
const seconds = z.int().min(0);
const time = z.iso.datetime({ offset: true });

const target = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("token"), issuer, tokenId: id }),
  z.strictObject({ kind: z.literal("client"), issuer, clientId: id }),
  z.strictObject({ kind: z.literal("subject"), issuer, subject: id }),
  z.strictObject({ kind: z.literal("issuer"), issuer }),
]);

const revocation = z.strictObject({
  target,
  reason: z.string().trim().min(1).max(MAX_REASON_LENGTH),
  issuedUntil: seconds.optional(),
  /** NumericDate of the token, where it is known. */
  tokenExpiresAt: seconds.optional(),
}).refine(
  ({ target, issuedUntil }) => target.kind !== "token" || issuedUntil === undefined,
  "a token is one token, so it has no issuedUntil",
);

const auditQuery = z.strictObject({
  clientId: id.optional(),
  subject: id.optional(),
  tool: id.optional(),
  event: z.string().regex(/^[a-z]+\.[a-z]+$/, "is no name of an event").optional(),
  decision: z.enum(["allow", "deny", "fail"]).optional(),
  reason: id.optional(),
  requestId: id.optional(),
  since: time.optional(),
  until: time.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  pageToken: z.string().min(1).max(4096).optional(),
});

/**
 * Returns the revocation of a parsed body.
 *
 * @throws {AppError} `invalid_request`.
 */
export function readRevocation(body: unknown): RevocationRequest {
  const parsed = revocation.safeParse(body);
  if (!parsed.success) throw malformed("body", parsed.error);
  return { ...defined(parsed.data), actor: "operator" };
}

/**
 * Returns the question of a query string, in which each parameter stands once.
 *
 * @throws {AppError} `invalid_request`.
 */
export function readAuditQuery(query: URLSearchParams): AuditQuery {
  const names = [...query.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new AppError("invalid_request", `The query has ${twice.slice(0, 32)} twice`);
  }
  const parsed = auditQuery.safeParse(Object.fromEntries(query));
  if (!parsed.success) throw malformed("query", parsed.error);
  return defined(parsed.data) as AuditQuery;
}

function malformed(where: string, { issues }: z.ZodError): AppError {
  const problems = issues.slice(0, 5).map(({ path, message }) =>
    [...path.map(String), message.slice(0, 200)].join(": ")
  );
  return new AppError("invalid_request", `The ${where} does not fit: ${problems.join("; ")}`);
}

/** Optional members are absent or there; zod leaves the word undefined in between. */
function defined<T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members) as never;
}
