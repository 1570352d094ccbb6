/** `gatehouse tools`: lists the tools of this program with their scopes. */

import { createScopePolicy } from "../auth/scopes.ts";
import { tools } from "../tools/mod.ts";
import { createRegistry } from "../tools/registry.ts";
import { columns, configFrom, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";

export const registerTools: Register = (program, io) => {
  withConfigFlags(program.command("tools"))
    .description("list the tools with their effect and scopes")
    .option("--json", "print JSON, schemas included")
    .action(async (flags: ConfigFlags & { json?: boolean }) => {
      const config = await configFrom(io, flags);
      const registry = createRegistry(tools, createScopePolicy(config.scopes));
      if (flags.json) {
        io.out(JSON.stringify(
          registry.tools.map(({ input: _, output: __, handle: ___, ...tool }) => tool),
          null,
          2,
        ));
        return;
      }
      io.out(columns(
        registry.tools.map(({ name, effect, scopes, title }) => [
          name,
          effect,
          scopes.join(" ") || "(any caller)",
          title,
        ]),
        "",
      ));
    });
};
