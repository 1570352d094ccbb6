/** How the commands about access say what is revoked, and how far a change reached. */

import type { Enforcement } from "../auth/access_control.ts";
import { targetValue } from "../store/revocation.ts";
import type { Revocation } from "../store/revocation.ts";
import { columns } from "./command.ts";
import type { ExitCode, Io } from "./command.ts";
import { NAME } from "./version.ts";

/** What `--json` prints of one; times are RFC 3339. */
export function revocationJson(revocation: Revocation): Record<string, unknown> {
  const { id, target, reason, actor, createTime, issuedUntil, expiresAt } = revocation;
  return {
    id,
    ...target,
    reason,
    actor,
    createTime,
    ...(issuedUntil !== undefined && { issuedUntil: rfc3339(issuedUntil * 1000) }),
    ...(expiresAt !== undefined && { expireTime: rfc3339(expiresAt) }),
  };
}

/** A table with one line for each. */
export function revocationTable(revocations: readonly Revocation[]): string {
  const rows = revocations.map((revocation) => [
    revocation.id,
    subjectOf(revocation),
    extentOf(revocation),
    revocation.actor,
    revocation.reason,
  ]);
  return columns([["ID", "REVOKED", "EXTENT", "BY", "REASON"], ...rows], "");
}

/** Prints a change and returns the exit code: 1 where a running server has not confirmed it. */
export function printChange(
  io: Io,
  verb: "Revoked" | "Restored",
  change: Enforcement,
  json: boolean | undefined,
): ExitCode {
  const { revocation, instances, confirmed } = change;
  if (json) {
    io.out(JSON.stringify({ ...revocationJson(revocation), instances, confirmed }, null, 2));
  } else {
    io.out(`${verb} ${subjectOf(revocation)} of ${revocation.target.issuer}`);
    if (verb === "Revoked") {
      io.out(columns([
        ["extent", extentOf(revocation)],
        ["take back", `${NAME} restore ${revocation.id}`],
      ]));
    }
  }
  return printReach(io, change, json);
}

/** Says on how many running servers a change is in effect. */
export function printReach(
  io: Io,
  { instances, confirmed }: Pick<Enforcement, "instances" | "confirmed">,
  json?: boolean,
): ExitCode {
  const reach = `In effect on ${confirmed} of ${instances} instances`;
  if (confirmed < instances) {
    io.err(
      `${reach}; the others did not confirm it in time. One that is alive follows when it can read the store, and ` +
        "refuses every request until then",
    );
    return 1;
  }
  if (!json) {
    io.out(instances > 0 ? reach : "No server is running; it takes effect when one starts");
  }
  return 0;
}

function subjectOf({ target }: Revocation): string {
  return target.kind === "issuer" ? "everything" : `${target.kind} ${targetValue(target)}`;
}

function extentOf({ issuedUntil, expiresAt }: Revocation): string {
  if (issuedUntil !== undefined) return `what was issued until ${rfc3339(issuedUntil * 1000)}`;
  return expiresAt === undefined
    ? "until it is restored"
    : `until ${rfc3339(expiresAt)}, when it has expired`;
}

function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}
