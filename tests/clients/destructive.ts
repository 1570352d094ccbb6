/** The running server with tools that destroy, for clients that have to ask first. */

import { randomBytes } from "node:crypto";
import { createScopePolicy } from "../../auth/scopes.ts";
import { createMcp } from "../../http/mcp.ts";
import { intentOf } from "../../http/record.ts";
import { openAudit } from "../../store/audit/open.ts";
import { openStore } from "../../store/mod.ts";
import { createExecutor } from "../../tools/execute.ts";
import { createRegistry } from "../../tools/registry.ts";
import { startAccess } from "../support/access.ts";
import { destructiveTools, firstOrganization, questionAbout } from "../support/destructive.ts";
import { decisionsOn, withIssuer } from "./scene.ts";
import type { IssuerScene } from "./scene.ts";

export const NAME = "delete_organization";

export interface DestructiveScene extends IssuerScene {
  readonly token: string;
  readonly target: { environmentId: string; organizationId: string };
  readonly question: string;
  /** The inputs of the deletions that ran. */
  readonly deletions: readonly { readonly input: unknown }[];
}

/** Runs a test against a server that has tools which destroy. */
export async function withDestructive(
  run: (scene: DestructiveScene) => Promise<void>,
): Promise<void> {
  const now = () => new Date();
  const store = await openStore("sqlite::memory:", { now });
  const audit = await openAudit("sqlite::memory:", { instance: "test", version: "0.0.0", now });
  const { access, revocations } = await startAccess(store, [], now);
  const deletions: { name: string; input: unknown }[] = [];
  const policy = createScopePolicy();
  const registry = createRegistry(destructiveTools(deletions), policy);
  const { workspace, idempotency } = store;
  const mcp = createMcp({
    name: "gatehouse",
    version: "0.0.0",
    instructions: "Delete nothing.",
    registry,
    policy,
    visibility: "all",
    execute: createExecutor({
      registry,
      policy,
      workspace,
      audit,
      access,
      idempotency,
      now,
      log: () => {},
    }),
    intend: (exchange) => audit.commit(intentOf(exchange, now(), audit.fingerprint)),
    confirmation: { key: randomBytes(32), replay: store.replay, now },
    onUnexpected: () => {},
  });
  const target = await firstOrganization(workspace);
  const question = await questionAbout(workspace, target.environmentId, target.organizationId);
  try {
    await withIssuer(async (scene) => {
      const token = await scene.issuer.token({ claims: { scope: "env:read org:write" } });
      await run({ ...scene, token, target, question, deletions });
    }, mcp);
  } finally {
    await revocations.close();
    await audit.close();
    await store.close();
  }
}

/** The decisions on calls so far. */
export function decisions({ server }: DestructiveScene): readonly string[] {
  return decisionsOn(server, "delete_organization");
}
