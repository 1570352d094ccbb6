/** `gatehouse config`: prints the effective configuration without its secrets. */

import { withoutCredentials } from "../http/limits/shared.ts";
import { describeLocation } from "../store/mod.ts";
import { configFrom, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";
import type { Config } from "./config_schema.ts";

const SECRET_MEMBERS = new Set(["passwordHash", "clientSecret", "tokenHash"]);

export const registerConfig: Register = (program, io) => {
  withConfigFlags(program.command("config"))
    .description("check the configuration and print what is in force, secrets redacted")
    .action(async (flags: ConfigFlags) => {
      const config = await configFrom(io, flags);
      io.out(JSON.stringify(asInFile(config), redactMember, 2));
    });
};

/** The store by the name and in the shape that the file has for it. */
function asInFile({ scalekit, ...config }: Config): Record<string, unknown> {
  if (scalekit === undefined) return config;
  return { ...config, store: { kind: "scalekit", ...scalekit, local: config.store } };
}

function redactMember(name: string, value: unknown): unknown {
  if (SECRET_MEMBERS.has(name)) return "[redacted]";
  const isStore = ["store", "local"].includes(name) && typeof value === "string";
  return isStore ? shownStore(value) : value;
}

/** Both the store and that of the budgets may be a URL with a password, before its host or among its parameters. */
function shownStore(text: string): string {
  if (!text.includes("://")) return text;
  if (/^postgres(ql)?:/.test(text)) return describeLocation(text);
  const address = withoutCredentials(text);
  const { username, password } = URL.canParse(text)
    ? new URL(text)
    : { username: "", password: "" };
  return password === "" ? address : address.replace("//", `//${username}:[redacted]@`);
}
