/** Ends the access of a token, a client or a person. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import { principalKey } from "../auth/principal.ts";
import type { Principal } from "../auth/principal.ts";
import { MAX_REASON_LENGTH } from "../store/revocation.ts";
import type { RevocationTarget } from "../store/revocation.ts";
import { defineTool } from "./registry.ts";
import type { ToolContext } from "./registry.ts";
import { describeEnforcement, enforcedRevocation } from "./revocations.ts";
import { line } from "./shapes.ts";

const input = z.strictObject({
  kind: z.enum(["TOKEN", "CLIENT", "SUBJECT"])
    .describe("TOKEN for one access token, CLIENT for a program, SUBJECT for a person"),
  value: line(256)
    .meta({
      description:
        "The jti of the token, the client id, or the subject, as whoami and records show them",
      examples: ["m2m_a7bb2cb0661627ddf567e0cb"],
    }),
  issuer: line(256)
    .meta({
      description: "Whose token, client or subject it is; leave out for your own issuer",
      examples: ["https://login.example.com/"],
    })
    .optional(),
  extent: z.enum(["ALL", "ISSUED_SO_FAR"]).default("ALL")
    .describe(
      "ALL shuts a client or person out until restored; ISSUED_SO_FAR ends their tokens of today, and new ones work",
    ),
  reason: line(MAX_REASON_LENGTH)
    .meta({
      description: "Why, for the people who read it later",
      examples: ["its secret leaked"],
    }),
  includesMyself: z.boolean().default(false)
    .describe("Set it only if you mean to end your own access too"),
});

type Input = z.output<typeof input>;

export default defineTool({
  name: "revoke_access",
  title: "Revoke access",
  description:
    "Ends the access of one access token, of a client with all its tokens, or of a person with all theirs. Calls and " +
    "streams that are under way end at once, and further ones are refused. Use it when a token or a secret leaked, " +
    "or someone must not get in any more; be sure that it is asked for, and check the value letter by letter: " +
    "one that nobody has ends nothing. A token is revoked until it expires; a client or subject until " +
    "restore_access, unless extent is ISSUED_SO_FAR. Repeating a call changes nothing. " +
    "Returns the revocation, its id, and on how many of the running servers it is in force. " +
    "Errors: conflict, it would end your own access; invalid_input, the issuer is unknown or a value is malformed.",
  effect: "delete",
  scopes: ["access:write"],
  cost: 5,
  input,
  output: enforcedRevocation,
  confirm: confirmRevoking,
  next: ({ id, servers, enforcedOn }) =>
    (enforcedOn < servers
      ? "It is not in force everywhere yet; list_revocations shows that it stands. "
      : "") + `To take it back, call restore_access with revocationId ${id}.`,
  async handle(request, { access, principal, now }) {
    if (endsOwnAccess(request, principal) && !request.includesMyself) {
      throw new AppError(
        "conflict",
        "This would end your own access, and you could not take it back; " +
          "if that is meant, call again with includesMyself true",
        { reason: "own_access" },
      );
    }
    const target = targetOf(request, principal);
    return describeEnforcement(
      await access.revoke({
        target,
        reason: request.reason,
        actor: principalKey(principal),
        ...(request.extent === "ISSUED_SO_FAR" && target.kind !== "token" && {
          issuedUntil: Math.floor(now().getTime() / 1000),
        }),
      }),
    );
  },
});

/** What the call would end, for the person who confirms it. */
export function confirmRevoking(
  request: Input,
  { principal }: Pick<ToolContext, "principal">,
): string {
  const { kind, value, issuer = principal.issuer, extent, reason } = request;
  const what = {
    TOKEN: `the access token with the id ${value}`,
    CLIENT: extent === "ALL"
      ? `all access of the client ${value}, for every person who uses it, until it is restored`
      : `every token that the client ${value} got so far`,
    SUBJECT: extent === "ALL"
      ? `all access of the person ${value}, through every client, until it is restored`
      : `every token that the person ${value} got so far`,
  }[kind];
  const own = endsOwnAccess(request, principal)
    ? " This is your own access: you will not be able to take it back."
    : "";
  return `This ends ${what} (issuer ${issuer}). Calls under way end at once. Reason: ${reason}.${own}`;
}

function targetOf(
  { kind, value, issuer: named }: Input,
  { issuer: own }: Principal,
): RevocationTarget {
  const issuer = named ?? own;
  switch (kind) {
    case "TOKEN":
      return { kind: "token", issuer, tokenId: value };
    case "CLIENT":
      return { kind: "client", issuer, clientId: value };
    case "SUBJECT":
      return { kind: "subject", issuer, subject: value };
  }
}

function endsOwnAccess({ kind, value, issuer }: Input, principal: Principal): boolean {
  if ((issuer ?? principal.issuer) !== principal.issuer) return false;
  if (kind === "TOKEN") return value === principal.tokenId;
  if (kind === "CLIENT") return value === principal.clientId;
  return principal.kind === "user" && value === principal.subject;
}
