/** `gatehouse revoke`, `revocations` and `restore`: end access while the server runs, and give it back. */

import { createAccessControl } from "../auth/access_control.ts";
import type { AccessControl } from "../auth/access_control.ts";
import { recordingRevocations } from "../auth/revocation_audit.ts";
import type { RevocationAudit } from "../auth/revocation_audit.ts";
import { toAppError } from "../errors.ts";
import type { Store } from "../store/mod.ts";
import { openCommandAudit } from "./audit_log.ts";
import { withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { issuerTerms } from "./issuers.ts";
import { printChange, revocationJson, revocationTable } from "./revocation_text.ts";
import { requestFrom } from "./revoke_request.ts";
import type { RevokeFlags } from "./revoke_request.ts";
import { withAudit, withStore } from "./with_store.ts";

const HELP = `
Exactly one of --jti, --token, --client, --subject and --epoch says what ends. A client or subject is
shut out until it is restored; with --issued-until only the tokens that it has so far end. TIME is
"now" or RFC 3339, such as 2026-09-01T12:00:00Z.

The command works while the server runs, and waits until every running server enforces it.
Exit code 0 means that they do, 1 that one of them did not confirm it, 2 wrong usage.

Examples:
  gatehouse revoke --client reporter --reason "its secret leaked"
  gatehouse revoke --subject ada --issued-until now --reason "stolen laptop"
  gatehouse revoke --token - --reason "seen in a log" < token.txt
  gatehouse revoke --epoch now --reason "the signing key leaked"`;

/** The actor of what is done on the command line. */
const ACTOR = "cli";
/** A revocation must be found where the server looks for it, not in a new store beside it. */
const MUST_EXIST = { mustExist: true };

export const registerRevoke: Register = (program, io, setExit) => {
  withConfigFlags(program.command("revoke"))
    .description("end the access of a token, a client, a person or all of an issuer, now")
    .option("--jti <id>", "the token with this id")
    .option("--token <->", "the token on stdin, written as -")
    .option("--client <id>", "every token of a client, and its further ones")
    .option("--subject <id>", "every token of a person, and their further ones")
    .option("--epoch <time>", "everything that the issuer issued up to a time")
    .option("--issuer <url>", "whose (default: the only one that is configured)")
    .option("--issued-until <time>", "of a client or subject, only what was issued up to a time")
    .requiredOption("--reason <text>", "why, for the people who read it later")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((flags: RevokeFlags) =>
      withStore(io, flags, async (store, config) => {
        const request = await requestFrom(flags, { io, store, config, now: new Date() });
        // In an emergency access ends first; that nobody wrote it down is said, and fails the command.
        const unrecorded = (error: unknown) => {
          io.err(`Not recorded: ${toAppError(error).message}`);
          return undefined;
        };
        const audit = await openCommandAudit(config, (text) => io.err(text)).catch(unrecorded);
        const change = await accessOf(store, config, audit).revoke({ ...request, actor: ACTOR });
        const code = printChange(io, "Revoked", change, flags.json);
        const recorded = await audit?.flush().then(() => true, unrecorded);
        await audit?.close();
        setExit(recorded ? code : 1);
      }, MUST_EXIST)
    );

  withConfigFlags(program.command("revocations"))
    .description("list what is revoked")
    .option("--json", "print JSON")
    .action((flags: ConfigFlags & { json?: boolean }) =>
      withStore(io, flags, async (store, config) => {
        const all = await accessOf(store, config).list();
        if (flags.json) return io.out(JSON.stringify(all.map(revocationJson), null, 2));
        io.out(all.length === 0 ? "Nothing is revoked" : revocationTable(all));
      }, MUST_EXIST)
    );

  withConfigFlags(program.command("restore <id>"))
    .description("take a revocation back, by its id")
    .option("--json", "print JSON")
    .action((id: string, flags: ConfigFlags & { json?: boolean }) =>
      withStore(io, flags, async (store, config) => {
        await withAudit(io, config, async (audit) => {
          const change = await accessOf(store, config, audit).restore(id, ACTOR);
          setExit(printChange(io, "Restored", change, flags.json));
        });
      }, MUST_EXIST)
    );
};

/** The list of a store, from outside the servers that enforce it. */
export function accessOf(
  store: Pick<Store, "revocations">,
  config: Config,
  audit?: RevocationAudit,
): AccessControl {
  const now = () => new Date();
  return createAccessControl({
    terms: issuerTerms(config),
    store: audit ? recordingRevocations(store.revocations, audit, now) : store.revocations,
    ...(audit && { audit }),
    now,
  });
}
