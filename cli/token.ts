/** `gatehouse token`: prints an access token for the running server. */

import type { Command } from "commander";
import { withConfigFlags } from "./command.ts";
import type { Register } from "./command.ts";
import { requestToken } from "./credentials.ts";
import type { ClientFlags } from "./credentials.ts";

export const registerToken: Register = (program, io) => {
  withClientFlags(program.command("token"))
    .description("print an access token from the client credentials grant")
    .option("--json", "print JSON")
    .action(async (flags: ClientFlags & { json?: boolean }) => {
      const token = await requestToken(io, flags);
      if (!flags.json) return io.out(token.accessToken);
      io.out(JSON.stringify({
        access_token: token.accessToken,
        token_type: "Bearer",
        expires_in: token.expiresInSeconds,
        scope: token.scope,
      }));
    });
};

/** The flags of every command that asks this machine's server for something with a token. */
export function withClientFlags(command: Command): Command {
  return withCredentialFlags(withConfigFlags(command))
    .option("--url <origin>", "origin of the server (default from the configuration)")
    .option("--scopes <scopes>", "scopes to ask for (default: all that the client may have)");
}

/** The flags that say which client a command is. */
export function withCredentialFlags(command: Command): Command {
  return command
    .option("--client-id <id>", "client (default: this machine's own; or GATEHOUSE_CLIENT_ID)")
    .option("--client-secret <secret>", "its secret (better: GATEHOUSE_CLIENT_SECRET)")
    .option("--private-key <file>", "its key, JWK or PEM, instead (or GATEHOUSE_PRIVATE_KEY)")
    .option("--issuer <url>", "the only one that gets the secret (or GATEHOUSE_CLIENT_ISSUER)");
}
