/** `gatehouse network`: which hosts the server needs, for a firewall or for the permissions of a compiled program. */

import { columns, configFrom, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";
import { denoPermissions, networkNeeds } from "./network_needs.ts";
import type { NetworkNeed } from "./network_needs.ts";

type NetworkFlags = ConfigFlags & { json?: boolean; permissions?: boolean };

export const registerNetwork: Register = (program, io) => {
  withConfigFlags(program.command("network"))
    .description("list the hosts that the configuration makes the server listen on and connect to")
    .option("--permissions", "print the permissions of Deno that allow nothing else")
    .option("--json", "print JSON")
    .action(async (flags: NetworkFlags) => {
      const needs = await networkNeeds(await configFrom(io, flags));
      if (flags.permissions) {
        const permissions = denoPermissions(needs);
        io.out(flags.json ? JSON.stringify(permissions) : permissions.join(" "));
      } else {
        io.out(flags.json ? JSON.stringify(needs, null, 2) : tableOf(needs));
      }
    });
};

function tableOf(needs: readonly NetworkNeed[]): string {
  return columns([
    ["direction", "host", "for"],
    ...needs.map((need) => [need.direction, need.host, need.for]),
  ], "");
}
