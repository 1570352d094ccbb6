/** `gatehouse tools`: lists the tools of this program with their scopes, crosses the two, or pins what they promise. */

import { createScopePolicy } from "../auth/scopes.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { tools } from "../tools/mod.ts";
import { createRegistry } from "../tools/registry.ts";
import type { Registry, Tool } from "../tools/registry.ts";
import { columns, configFrom, usageError, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { registerToolsLock } from "./tools_lock.ts";
import { toolsMarkdown } from "./tools_markdown.ts";

type ToolsFlags = ConfigFlags & {
  json?: boolean;
  matrix?: boolean;
  egress?: boolean;
  markdown?: boolean;
};

export const registerTools: Register = (program, io, setExit) => {
  const command = withConfigFlags(program.command("tools"))
    .description("list the tools with their effect and scopes")
    .option("--matrix", "print which scope opens which tool")
    .option("--egress", "print which upstreams each tool may call, and where they are")
    .option("--json", "print JSON; without --matrix, schemas included")
    .option("--markdown", "print the page docs/tools.md")
    .action(async (flags: ToolsFlags) => {
      if (flags.markdown && (flags.matrix || flags.json)) {
        throw usageError("Give --markdown without --matrix and --json");
      }
      const config = await configFrom(io, flags);
      const policy = createScopePolicy(config.scopes);
      const registry = createRegistry(tools, policy);
      if (flags.markdown) {
        io.out(toolsMarkdown(registry));
      } else if (flags.egress) {
        const egress = egressOf(registry, config.upstreams);
        io.out(flags.json ? JSON.stringify(egress, null, 2) : egressText(egress));
      } else if (flags.matrix) {
        const matrix = scopeMatrix(registry, policy);
        io.out(flags.json ? JSON.stringify(matrix, null, 2) : matrixText(matrix));
      } else {
        io.out(flags.json ? listJson(registry) : listText(registry));
      }
    });
  registerToolsLock(command, io, setExit);
};

/** Functions are no JSON; what is left out besides are the schemas' sources. */
function listJson(registry: Registry): string {
  const published = registry.tools.map(({ input: _, output: __, ...tool }) => tool);
  return JSON.stringify(published, null, 2);
}

function listText(registry: Registry): string {
  return columns(
    registry.tools.map(({ name, effect, scopes, title }) => [
      name,
      effect,
      scopes.join(" ") || "(any caller)",
      title,
    ]),
    "",
  );
}

interface Egress {
  readonly tool: string;
  readonly upstream: string;
  /** Absent where the configuration has none of that name: the tool answers `not_supported`. */
  readonly baseUrl?: string;
}

function egressOf(registry: Registry, upstreams: Config["upstreams"]): readonly Egress[] {
  return registry.tools.flatMap(({ name: tool, egress }) =>
    egress.map((upstream) => {
      const configured = Object.hasOwn(upstreams, upstream) ? upstreams[upstream] : undefined;
      return { tool, upstream, ...(configured && { baseUrl: configured.baseUrl }) };
    })
  );
}

function egressText(egress: readonly Egress[]): string {
  if (egress.length === 0) return "No tool calls an upstream";
  return columns([
    ["tool", "upstream", "base URL"],
    ...egress.map(({ tool, upstream, baseUrl }) => [tool, upstream, baseUrl ?? "(not configured)"]),
  ], "");
}

interface ScopeMatrix {
  /** The whole vocabulary, sorted. */
  readonly scopes: readonly string[];
  readonly tools: readonly {
    readonly name: string;
    readonly required: readonly string[];
    /** Scopes that include a required one without being one. */
    readonly implied_by: readonly string[];
  }[];
}

function scopeMatrix(registry: Registry, policy: ScopePolicy): ScopeMatrix {
  const scopes = [...policy.definitions.keys()];
  const implying = (tool: Tool) =>
    scopes.filter((scope) =>
      !tool.scopes.includes(scope) &&
      policy.missing([scope], tool.scopes).length < tool.scopes.length
    );
  return {
    scopes,
    tools: registry.tools.map((tool) => ({
      name: tool.name,
      required: tool.scopes,
      implied_by: implying(tool),
    })),
  };
}

const REQUIRED = "x";
const IMPLIED = "+";

function matrixText({ scopes, tools }: ScopeMatrix): string {
  const rows = tools.map(({ name, required, implied_by }) => [
    name,
    ...scopes.map((scope) =>
      required.includes(scope) ? REQUIRED : implied_by.includes(scope) ? IMPLIED : ""
    ),
  ]);
  const table = columns([["", ...scopes], ...rows], "");
  return [
    ...table.split("\n").map((line) => line.trimEnd()),
    "",
    `${REQUIRED} the tool requires the scope; ${IMPLIED} the scope includes one that it requires; ` +
    "a row without marks is open to any caller",
  ].join("\n");
}
