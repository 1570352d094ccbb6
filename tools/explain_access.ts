/**
 * Tells why a call of a tool would be refused or allowed.
 *
 * Open to every verified caller, for any scopes they name: what a tool needs and what a scope implies stands on the
 * server's public page and in every refusal, and it says nothing of anybody else.
 */

import { z } from "zod";
import { AppError } from "../errors.ts";
import type { AccessExplanation } from "./access_explanation.ts";
import { defineTool } from "./registry.ts";
import { distinct } from "./shapes.ts";

const budget = z.object({ points: z.int().min(1), seconds: z.int().min(1) });

export default defineTool({
  name: "explain_access",
  title: "Explain access",
  description:
    "Tells whether you may call one tool, and why not: the scopes it needs, yours with all that they imply, the ones " +
    "that are missing, whether a person has to confirm the call, and the limits that count it. Calls nothing and " +
    "changes nothing. Needs no scope. Use it before a call that may be refused, or after one that was refused with " +
    "insufficient_scope; with scopes, it answers for a token with exactly those instead of yours, so that you can see " +
    "what to ask for. For all tools at once use whoami, for what became of a call that was made list_audit_events. " +
    "It does not look at arguments: an allowed call can still be refused for them, or for want of points. " +
    "The error not_found means that this server has no such tool.",
  effect: "read",
  access: "public",
  input: z.strictObject({
    tool: z.string()
      .max(64)
      .regex(/^[a-z][a-z0-9_]*$/, { error: "Must be the name of a tool, such as whoami" })
      .describe("Name of the tool in question")
      .meta({ examples: ["create_organization"] }),
    scopes: distinct(
      z.string().regex(/^[!#-[\]-~]{1,128}$/, { error: "Must be a scope, such as org:read" }),
      { minLength: 0, maxLength: 50 },
      (scope) => scope,
    )
      .describe("Answer for a token with these scopes; leave out for your own")
      .meta({ examples: [["org:write"]] })
      .optional(),
  }),
  output: z.object({
    tool: z.string(),
    title: z.string(),
    effect: z.enum(["read", "create", "update", "delete"]),
    decision: z.enum(["allowed", "refused"]),
    askedFor: z.enum(["yourself", "namedScopes"]),
    requiredScopes: z.array(z.string()).readonly().describe("All of them; none where it is open"),
    grantedScopes: z.array(z.string()).readonly(),
    effectiveScopes: z.array(z.string()).readonly().describe("With all that they imply"),
    missingScopes: z.array(z.string()).readonly(),
    unknownScopes: z.array(z.string()).readonly()
      .describe("Granted scopes that mean nothing to this server"),
    needsConfirmation: z.boolean().describe("Whether a person is asked before each call"),
    timeoutSeconds: z.number().min(0).describe("A call that takes longer is ended"),
    limits: z.object({
      cost: z.int().min(1).describe("How many points one call takes from both budgets"),
      client: budget.describe("For all calls of your client"),
      tool: budget.describe("For your client's calls of this tool"),
      concurrent: z.int().min(1).describe("How many calls you may have under way"),
    }).describe("Absent where this server counts nothing").optional(),
    nextStep: z.string(),
  }),
  handle({ tool: name, scopes }, { principal, catalogue }) {
    const grantedScopes = scopes ?? principal.scopes;
    const explanation = catalogue.explain(name, grantedScopes);
    if (explanation === undefined) {
      throw new AppError(
        "not_found",
        `This server has no tool ${name}; whoami names all its tools`,
        { reason: "tool" },
      );
    }
    const { tool, missing, limits } = explanation;
    const { title, effect, cost, timeoutMs } = tool;
    return Promise.resolve({
      tool: tool.name,
      title,
      effect,
      decision: missing.length === 0 ? "allowed" as const : "refused" as const,
      askedFor: scopes === undefined ? "yourself" as const : "namedScopes" as const,
      requiredScopes: tool.scopes,
      grantedScopes,
      effectiveScopes: explanation.effective,
      missingScopes: missing,
      unknownScopes: explanation.unknown,
      needsConfirmation: explanation.asksForConfirmation,
      timeoutSeconds: timeoutMs / 1000,
      ...(limits && { limits: { cost, ...limits } }),
      nextStep: nextStep(explanation),
    });
  },
});

function nextStep({ tool, missing, unknown, asksForConfirmation }: AccessExplanation): string {
  if (missing.length > 0) {
    const misspelt = unknown.length === 0
      ? ""
      : ` ${unknown.join(", ")} means nothing here; perhaps it is misspelt.`;
    return `Get an access token that has ${
      missing.join(" and ")
    } too, and do not repeat the call ` +
      `with this one: it is refused with insufficient_scope.${misspelt}`;
  }
  return asksForConfirmation
    ? `Call ${tool.name}; a person is asked before it runs.`
    : `Call ${tool.name}.`;
}
