/** How an audit record looks to a tool's caller: flat, and without its place in the chain. */

import { z } from "zod";
import type { AuditInput, AuditRecord } from "../store/audit.ts";

const scopeList = z.array(z.string()).readonly();

export const auditEvent = z.object({
  time: z.string().describe("When it began, RFC 3339"),
  event: z.string().describe("What was decided, such as tool.call or access.revoked"),
  decision: z.enum(["allow", "deny", "fail"]),
  reason: z.string().describe("ok, or the cause"),
  requestId: z.string().optional(),
  method: z.string().describe("The MCP method").optional(),
  tool: z.string().optional(),
  effect: z.string().optional(),
  resource: z.string().describe("The resource or template").optional(),
  resourceUri: z.string().optional(),
  prompt: z.string().optional(),
  clientId: z.string().optional(),
  subject: z.string().optional(),
  issuer: z.string().optional(),
  actor: z.string().describe("Who acted without an access token, such as operator").optional(),
  requiredScopes: scopeList.optional(),
  grantedScopes: scopeList.optional(),
  missingScopes: scopeList.optional(),
  inputFingerprint: z.string().optional(),
  clearInput: z.record(z.string(), z.string())
    .describe("The arguments that the tool lets be recorded, as text").optional(),
  status: z.int().describe("The HTTP status").optional(),
  isError: z.boolean().optional(),
  replayed: z.boolean()
    .describe("true where an earlier result was repeated and nothing was done").optional(),
  durationMs: z.number().optional(),
  peer: z.string().describe("The address that it came from").optional(),
});

/** Flattens a record of the audit log. */
export function toAuditEvent(record: AuditRecord): z.input<typeof auditEvent> {
  const { time, event, decision, reason, request, principal, tool, resource, prompt } = record;
  const { scopes, input, outcome } = record;
  return defined({
    time,
    event,
    decision,
    reason,
    requestId: request?.id,
    method: request?.rpcMethod,
    tool: tool?.name,
    effect: tool?.effect,
    resource: resource?.name,
    resourceUri: resource?.uri,
    prompt: prompt?.name,
    clientId: principal?.clientId,
    subject: principal?.subject,
    issuer: principal?.issuer,
    actor: record.actor,
    requiredScopes: scopes?.required,
    grantedScopes: scopes?.granted,
    missingScopes: scopes?.missing,
    inputFingerprint: input?.fingerprint,
    clearInput: input?.clear && textOf(input.clear),
    status: outcome?.status,
    isError: outcome?.isError,
    replayed: outcome?.replayed,
    durationMs: outcome?.durationMs,
    peer: request?.peer,
  });
}

function textOf(values: NonNullable<AuditInput["clear"]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map((
      [name, value],
    ) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** An absent member is left out; the schema does not know undefined. */
function defined<Value extends object>(
  value: Value,
): { [Name in keyof Value]: Exclude<Value[Name], undefined> } {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as never;
}
