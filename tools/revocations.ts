/** What the tools about access have in common: the shape of a revocation, and how far one reached. */

import { z } from "zod";
import type { Enforcement } from "../auth/access_control.ts";
import { targetValue } from "../store/revocation.ts";
import type { Revocation } from "../store/revocation.ts";

const shape = {
  id: z.string().describe("Takes the place of revocationId in restore_access"),
  kind: z.enum(["TOKEN", "CLIENT", "SUBJECT", "ISSUER"]),
  value: z.string().describe("The token id, client id or subject; empty for a whole issuer"),
  issuer: z.string(),
  reason: z.string(),
  actor: z.string().describe("Who revoked it"),
  createTime: z.string().describe("RFC 3339"),
  issuedUntil: z.string()
    .describe("RFC 3339; only tokens issued up to then are ended. Absent when all are")
    .optional(),
  expireTime: z.string()
    .describe("RFC 3339; all that it ended has expired then. Absent when it lasts until restored")
    .optional(),
};

export const revocation = z.object(shape);

/** A changed revocation, with the servers on which the change is in force. */
export const enforcedRevocation = z.object({
  ...shape,
  servers: z.int().min(0).describe("How many servers are running"),
  enforcedOn: z.int().min(0)
    .describe("On how many of them it is in force; the rest follow as soon as they can be reached"),
});

export function describeRevocation(found: Revocation): z.input<typeof revocation> {
  const { id, target, reason, actor, createTime, issuedUntil, expiresAt } = found;
  return {
    id,
    kind: target.kind.toUpperCase() as "TOKEN" | "CLIENT" | "SUBJECT" | "ISSUER",
    value: targetValue(target),
    issuer: target.issuer,
    reason,
    actor,
    createTime,
    ...(issuedUntil !== undefined && { issuedUntil: rfc3339(issuedUntil * 1000) }),
    ...(expiresAt !== undefined && { expireTime: rfc3339(expiresAt) }),
  };
}

export function describeEnforcement(
  { revocation, instances, confirmed }: Enforcement,
): z.input<typeof enforcedRevocation> {
  return { ...describeRevocation(revocation), servers: instances, enforcedOn: confirmed };
}

function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
