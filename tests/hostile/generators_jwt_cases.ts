/** The JWT matrix as cases of the suite: each field in each shape, under each signature, over a socket. */

import type { Context } from "./context.ts";
import { seconds } from "./context.ts";
import { cellsOf, entryOf, partsOf } from "./generators_jwt_matrix.ts";
import type { Cell } from "./generators_jwt_matrix.ts";
import { createForge, SIGNINGS } from "./generators_tokens.ts";
import type { Forge, Signing } from "./generators_tokens.ts";
import { KEYS } from "./keys.ts";
import type { Case } from "./suite.ts";

/** What the matrix has to know of the target. */
function forgeFor({ target }: Context): Forge {
  return createForge({
    issuer: target.issuer("main"),
    audience: target.resource,
    alg: "ES256",
    kid: KEYS.main.kid,
    foreignUrl: target.canary,
    now: seconds,
  });
}

/** Signs with the keys of the target's issuer, or with an attacker's under the same name. */
function tokenOf(context: Context, cells: readonly Cell[], signing: Signing): string {
  const { header = {}, claims = {} } = partsOf(entryOf(cells, signing));
  if (signing === "unsigned") {
    const token = context.token({ header: { alg: "none", ...header }, claims });
    return token.slice(0, token.lastIndexOf(".") + 1);
  }
  return context.token({
    header,
    claims,
    ...(signing === "wrong key" ? { key: KEYS.attacker } : {}),
  });
}

function expectedOf(cell: Cell, signing: Signing): Case["expect"] {
  if (!entryOf([cell], signing).accepted) return "401i";
  return cell.scopes.length > 0 ? "200" : "403s";
}

/** Names and verdicts do not depend on a target. */
const CELLS = cellsOf(createForge({ issuer: "", audience: "http://localhost/mcp", now: seconds }));

export const JWT_MATRIX: readonly Case[] = CELLS.flatMap((cell, index) =>
  SIGNINGS.map((signing) => ({
    id: `G-1.${index + 1}`,
    name: `${cell.part} ${cell.field} ${cell.kind}, ${signing} (${cell.rule})`,
    request(context: Context) {
      const own = cellsOf(forgeFor(context))[index]!;
      return context.valid({ token: tokenOf(context, [own], signing) });
    },
    expect: expectedOf(cell, signing),
  }))
);
