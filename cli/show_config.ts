/** `gatehouse config`: prints the effective configuration without its secrets. */

import { describeLocation } from "../store/mod.ts";
import { configFrom, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";

const SECRET_MEMBERS = new Set(["passwordHash", "clientSecret"]);

export const registerConfig: Register = (program, io) => {
  withConfigFlags(program.command("config"))
    .description("check the configuration and print what is in force, secrets redacted")
    .action(async (flags: ConfigFlags) => {
      const config = await configFrom(io, flags);
      io.out(JSON.stringify(config, redactMember, 2));
    });
};

function redactMember(name: string, value: unknown): unknown {
  if (SECRET_MEMBERS.has(name)) return "[redacted]";
  return name === "store" ? describeLocation(String(value)) : value;
}
