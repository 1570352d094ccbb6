/** `gatehouse new tool`: writes a tool, its line in the manifest and its test, in a checkout of the source. */

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createScopePolicy } from "../auth/scopes.ts";
import type { Effect } from "../tools/registry.ts";
import { EFFECT_OF_VERB, effectOfName } from "../tools/verbs.ts";
import { columns, scopeList, usageError } from "./command.ts";
import type { Register } from "./command.ts";
import { withTool } from "./tool_manifest.ts";
import { testText, titleOf, toolText } from "./tool_template.ts";
import type { NewTool } from "./tool_template.ts";

const MANIFEST = "tools/mod.ts";
const EFFECTS: readonly Effect[] = ["read", "create", "update", "delete"];
/** Where a tool that nobody gave scopes to belongs, in most workspaces. */
const DEFAULT_SCOPES = { read: "org:read", write: "org:write" };
const MAX_TITLE_LENGTH = 40;

interface NewToolFlags {
  readonly effect?: string;
  readonly scopes?: string;
}

export const registerNew: Register = (program, io) => {
  program.command("new").description("write source in a checkout of this program")
    .command("tool <name>")
    .description("write a tool, its line in tools/mod.ts and its test, which pass as they are")
    .option("--effect <effect>", "read, create, update or delete (default: what the verb says)")
    .option("--scopes <scopes>", "what a caller needs (default org:read, or org:write)")
    .action(async (name: string, flags: NewToolFlags) => {
      const manifest = await checkedOutManifest();
      const tool = toolFrom(name, flags);
      const files = {
        tool: `tools/${name}.ts`,
        test: `tests/tools/${name}_test.ts`,
      };
      for (const file of Object.values(files)) {
        if (existsSync(file)) throw usageError(`${file} exists already; nothing was written`);
      }
      const changed = withTool(manifest, name);
      if (changed === undefined) {
        throw usageError(`${MANIFEST} is not a list of imports and names; nothing was written`);
      }
      // The manifest last: until then nothing imports what may be half written.
      await writeFile(files.tool, toolText(tool), { flag: "wx" });
      await writeFile(files.test, testText(tool), { flag: "wx" });
      await writeFile(MANIFEST, changed);
      io.out(columns([
        ["Made", files.tool, `${tool.effect}, needs ${tool.scopes.join(" ")}`],
        ["", files.test, "its test"],
        ["", MANIFEST, "its line in the manifest"],
        ["Next", "deno task generate", "pins it in tools.lock.json and lists it in docs/tools.md"],
        ["", "deno task ok", "runs every check"],
      ], ""));
    });
};

/** The manifest in the working directory, which has to be a checkout of this program. */
async function checkedOutManifest(): Promise<string> {
  const isCheckout = [MANIFEST, "tools/registry.ts", "tests/tools", "deno.json"].every(existsSync);
  if (!isCheckout) {
    throw usageError(
      "This command writes source and works at the top of a checkout of Gatehouse, where tools/mod.ts is. " +
        "A compiled program takes no new tools",
    );
  }
  return await readFile(MANIFEST, "utf8");
}

/** @throws {AppError} `invalid_request` that says what to give instead. */
function toolFrom(name: string, { effect: given, scopes: wanted }: NewToolFlags): NewTool {
  if (!/^[a-z][a-z0-9]*(_[a-z][a-z0-9]*)+$/.test(name)) {
    throw usageError(
      `${
        JSON.stringify(name)
      } is no name for a tool: use a verb and what it works on, in small letters with ` +
        "underscores, such as count_organizations",
    );
  }
  if (titleOf({ name }).length > MAX_TITLE_LENGTH) {
    throw usageError(`The name is longer than ${MAX_TITLE_LENGTH} characters`);
  }
  const effect = effectFrom(name, given);
  const scopes = wanted === undefined
    ? [effect === "read" ? DEFAULT_SCOPES.read : DEFAULT_SCOPES.write]
    : scopeList(wanted);
  requireScopes(effect, scopes);
  return { name, effect, scopes };
}

function effectFrom(name: string, given: string | undefined): Effect {
  if (given !== undefined && !(EFFECTS as readonly string[]).includes(given)) {
    throw usageError(`--effect is one of ${EFFECTS.join(", ")}`);
  }
  const promised = effectOfName(name);
  const verb = name.slice(0, name.indexOf("_"));
  if (promised === undefined) {
    throw usageError(
      `Nobody knows what a tool does that begins with ${verb}: begin with ` +
        `${
          Object.keys(EFFECT_OF_VERB).filter((known) => known !== "whoami").join(", ")
        }, or add ${verb} to tools/verbs.ts`,
    );
  }
  if (given !== undefined && given !== promised) {
    throw usageError(`A tool that begins with ${verb} has the effect ${promised}, not ${given}`);
  }
  return promised;
}

/** What reads asks for nothing but reading, and what writes asks for some writing; the catalogue test holds it for all. */
function requireScopes(effect: Effect, scopes: readonly string[]): void {
  const { definitions } = createScopePolicy();
  const unknown = scopes.filter((scope) => !definitions.has(scope));
  if (scopes.length === 0 || unknown.length > 0) {
    throw usageError(
      `--scopes takes scopes of ${[...definitions.keys()].join(", ")}` +
        (unknown.length > 0 ? `; there is no ${unknown.join(", ")}` : ""),
    );
  }
  if (effect === "read" && scopes.some((scope) => !scope.endsWith(":read"))) {
    throw usageError("A tool that reads asks for scopes that end in :read");
  }
  if (effect !== "read" && !scopes.some((scope) => scope.endsWith(":write"))) {
    throw usageError("A tool that changes something asks for a scope that ends in :write");
  }
}
