/** `gatehouse config`: prints the effective configuration without its secrets. */

import { withoutCredentials } from "../http/limits/shared.ts";
import { configFrom, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";

const SECRET_MEMBERS = new Set(["passwordHash", "clientSecret", "tokenHash"]);

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
  return name === "store" && String(value).includes("://") ? redactUrl(String(value)) : value;
}

/** A connection URL may hold a password, before its host or among its parameters. */
function redactUrl(text: string): string {
  const address = withoutCredentials(text);
  const { username, password } = URL.canParse(text)
    ? new URL(text)
    : { username: "", password: "" };
  return password === "" ? address : address.replace("//", `//${username}:[redacted]@`);
}
