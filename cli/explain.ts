/** `gatehouse explain`: says why an access token may or may not call a tool. */

import { existsSync } from "node:fs";
import { fixedRevocations } from "../auth/revocation.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import { openStore, readLocation } from "../store/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { tools } from "../tools/mod.ts";
import { createRegistry } from "../tools/registry.ts";
import type { Registry, Tool } from "../tools/registry.ts";
import { configFrom, readToken, usageError, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { embeddedIssuer } from "./embedded.ts";
import { explanationJson, explanationText } from "./explain_text.ts";
import { explainToken } from "./explanation.ts";
import type { Explanation } from "./explanation.ts";
import { createKeySources, resourcesByHost, trustedIssuers } from "./issuers.ts";

type ExplainFlags = ConfigFlags & { tool?: string; json?: boolean };

export const registerExplain: Register = (program, io, setExit) => {
  withConfigFlags(program.command("explain [token]"))
    .description("say why an access token may, or may not, call a tool")
    .option("--tool <name>", "the tool in question (default: every tool)")
    .option("--url <origin>", "origin of the server (default from the configuration)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWithout TOKEN, or with -, the token is read from stdin. Prefer that: other users of the\n" +
        "machine can see the arguments of a process. The token itself is never printed.\n\n" +
        "Exit code 0 means allowed, 1 refused, 2 wrong usage or configuration.",
    )
    .action(async (argument: string | undefined, flags: ExplainFlags) => {
      const config = await configFrom(io, flags);
      const now = new Date();
      const explanation = await explain(await readToken(argument, io), flags.tool, config, now);
      io.out(
        flags.json
          ? explanationJson(explanation)
          : explanationText(explanation, Math.floor(now.getTime() / 1000)),
      );
      if (explanation.decision === "refused") setExit(1);
    });
};

async function explain(
  token: string,
  toolName: string | undefined,
  config: Config,
  now: Date,
): Promise<Explanation> {
  const policy = createScopePolicy(config.scopes);
  const registry = createRegistry(tools, policy);
  const tool = toolName === undefined ? undefined : toolNamed(toolName, registry);
  const resources = [...resourcesByHost(config, policy).values()];
  const [resource] = resources;
  if (resource === undefined) throw usageError("allowedHosts is empty: the server answers nobody");
  const notes: string[] = [];
  const issuers = trustedIssuers(config, {
    audiences: new Set(resources.map(({ resource }) => resource)),
    authorizationServer: config.issuers.length === 0 ? await embeddedIssuer(config) : undefined,
    keySources: createKeySources({ now: () => now, logger: noting(notes) }),
  });
  const explanation = await explainToken(token, {
    issuers,
    resource,
    policy,
    registry,
    tool,
    revocations: await storedRevocations(config, now),
    now: () => now,
  });
  return notes.length === 0 ? explanation : { ...explanation, notes };
}

/** What the store has, where there is one; asking must not make one. */
async function storedRevocations(config: Config, now: Date) {
  const clock = () => now;
  const location = readLocation(config.store);
  if (location.kind === "sqlite" && !existsSync(location.path)) return fixedRevocations([], clock);
  const store = await openStore(config.store, { now: clock });
  try {
    return fixedRevocations(await store.revocations.list(), clock);
  } finally {
    await store.close();
  }
}

function toolNamed(name: string, registry: Registry): Tool {
  const tool = registry.get(name);
  if (tool) return tool;
  throw usageError(`There is no tool ${JSON.stringify(name)}; \`tools\` lists them`);
}

/** A command has no log: what the server would log is part of the answer. */
function noting(notes: string[]): Logger {
  const note = (message: string, properties: Record<string, unknown> = {}) =>
    void notes.push([message, properties["cause"]].filter(Boolean).join(": "));
  return { debug: () => {}, info: () => {}, warning: note, error: note };
}
