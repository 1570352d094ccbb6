/** Answers who called what, with which rights, and what came of it. */

import { z } from "zod";
import type { Principal } from "../auth/principal.ts";
import { AppError } from "../errors.ts";
import { auditEvent, toAuditEvent } from "./audit_objects.ts";
import { nextPage } from "./hints.ts";
import { defineTool } from "./registry.ts";
import type { ToolContext } from "./registry.ts";
import { line, pageArguments, timestamp } from "./shapes.ts";

/** Opens the records of others. */
const ALL = "audit:all";

export default defineTool({
  name: "list_audit_events",
  title: "List audit events",
  description:
    "Lists what was decided about calls, newest first: who called which tool, with which scopes, whether it was " +
    "allowed, why not, and what came of it. Use it to answer who did what and when, or why a call was refused: give " +
    "the id that the refusal carries as requestId. With audit:read alone you see your own records; with audit:all " +
    "those of everybody. An effect shows as two events: tool.intent before it and tool.call with its outcome. " +
    "Argument values are not kept; equal inputs have equal inputFingerprint. If nextPageToken is there, call again " +
    "with it as pageToken and the same filters. Errors: insufficient_scope, you asked about somebody else.",
  effect: "read",
  scopes: ["audit:read"],
  // A page may take reading of tens of thousands of records.
  cost: 50,
  rate: { points: 500, seconds: 30 },
  input: z.strictObject({
    clientId: line(256).meta({ description: "Only what this client did", examples: ["reporter"] })
      .optional(),
    subject: line(256).meta({
      description: "Only what was done for this subject",
      examples: ["user-17"],
    }).optional(),
    tool: line(64).meta({ description: "Only calls of this tool", examples: ["revoke_access"] })
      .optional(),
    decision: z.enum(["allow", "deny", "fail"])
      .describe("allow: served; deny: refused; fail: our fault or a time-out").optional(),
    reason: line(64).meta({ description: "Only this cause", examples: ["insufficient_scope"] })
      .optional(),
    requestId: line(64).meta({
      description: "The one request with this id",
      examples: ["00deaa9e-dda9-4e2f-96e5-b7b27fd8920e"],
    }).optional(),
    since: timestamp.describe("From this time on").optional(),
    until: timestamp.describe("Before this time").optional(),
    ...pageArguments,
  }),
  output: z.object({
    events: z.array(auditEvent).readonly(),
    visible: z.enum(["own", "all"]).describe("Whose records you can see"),
    nextPageToken: z.string().describe("pageToken of the next page; absent on the last").optional(),
  }),
  next: (output) => nextPage("list_audit_events", output),
  async handle({ pageSize, ...filters }, context) {
    const all = context.catalogue.scopesOf(context.principal).includes(ALL);
    if (!all) requireOwn(filters, context);
    const { records, nextPageToken } = await context.audit.query({
      ...filters,
      limit: pageSize,
      ...(!all && { ownedBy: ownerOf(context.principal) }),
    });
    return {
      events: records.map(toAuditEvent),
      visible: all ? "all" as const : "own" as const,
      ...(nextPageToken !== undefined && { nextPageToken }),
    };
  },
});

/** Without what differs from token to token: a page token is good for the next one too. */
function ownerOf({ issuer, kind, subject, clientId }: Principal) {
  return { issuer, kind, subject, clientId };
}

/** An empty answer about somebody else would say that they did nothing. */
function requireOwn(
  filters: { readonly clientId?: string | undefined; readonly subject?: string | undefined },
  { principal }: Pick<ToolContext, "principal">,
): void {
  const { clientId = principal.clientId, subject = principal.subject } = filters;
  if (clientId === principal.clientId && subject === principal.subject) return;
  throw new AppError(
    "insufficient_scope",
    `Records of others need the scope ${ALL}; leave clientId and subject out to see your own`,
    { details: { tool: "list_audit_events", required_scopes: [ALL], missing_scopes: [ALL] } },
  );
}
