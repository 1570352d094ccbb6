/** Tells a caller who they are to this server and which tools that opens. */

import { z } from "zod";
import { defineTool } from "./registry.ts";

export default defineTool({
  name: "whoami",
  title: "Who am I",
  description:
    "Returns who you are to this server as your access token says: subject, client, issuer, scopes with all " +
    "that they imply, and when the token expires; and which tools that lets you call, with the scopes that the " +
    "others lack. Needs no scope. Use it first when a call was refused with insufficient_scope or a tool seems " +
    "to be missing: ask for a token with the missingScopes instead of repeating the call.",
  effect: "read",
  access: "public",
  input: z.strictObject({}),
  output: z.object({
    kind: z.enum(["user", "client"])
      .describe("user when the client acts for a person, client when it acts for itself"),
    subject: z.string(),
    clientId: z.string(),
    issuer: z.string(),
    grantedScopes: z.array(z.string()).readonly().describe("As the token has them"),
    effectiveScopes: z.array(z.string()).readonly().describe("With all that they imply"),
    expiresAt: z.string().describe("RFC 3339; the token is refused from then on"),
    expiresInSeconds: z.int().min(0),
    callableTools: z.array(z.string()).readonly(),
    refusedTools: z.array(z.object({
      name: z.string(),
      missingScopes: z.array(z.string()).readonly(),
    })).readonly(),
  }),
  next: ({ callableTools }) =>
    callableTools.includes("list_environments")
      ? "Call list_environments next: most tools need an environmentId."
      : "Ask for the missingScopes of the tool that you need.",
  handle(_, { principal, catalogue, now }) {
    const { kind, subject, clientId, issuer, scopes, expiresAt } = principal;
    const tools = catalogue.access(principal);
    return Promise.resolve({
      kind,
      subject,
      clientId,
      issuer,
      grantedScopes: scopes,
      effectiveScopes: catalogue.scopesOf(principal),
      expiresAt: new Date(expiresAt * 1000).toISOString(),
      // The verifier tolerates some clock skew, so a token may be served a little after it expired.
      expiresInSeconds: Math.max(0, Math.floor(expiresAt - now().getTime() / 1000)),
      callableTools: tools.filter(({ missing }) => missing.length === 0).map(({ name }) => name),
      refusedTools: tools.filter(({ missing }) => missing.length > 0)
        .map(({ name, missing }) => ({ name, missingScopes: missing })),
    });
  },
});
