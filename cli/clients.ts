/** `gatehouse clients`: registers and removes machine clients of the embedded authorization server. */

import { readFile } from "node:fs/promises";
import { createScopePolicy } from "../auth/scopes.ts";
import type { AuditEvent, AuditLog } from "../store/audit.ts";
import type { RegisteredClient } from "../store/authorization.ts";
import type { Store } from "../store/mod.ts";
import { ownEvent } from "./audit_events.ts";
import { columns, scopeList, usageError, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Io, Register } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { printReach } from "./revocation_text.ts";
import { accessOf } from "./revoke.ts";
import { withAudit, withStore } from "./with_store.ts";

export const registerClients: Register = (program, io, setExit) => {
  const clients = program.command("clients")
    .description("manage the machine clients of the embedded authorization server");

  withConfigFlags(clients.command("add <name>"))
    .description("register a client and print its credentials, once")
    .requiredOption("--scopes <scopes>", 'the most it may ask for, such as "env:read org:read"')
    .option("--jwks <file>", "public JWK Set; the client then authenticates with private_key_jwt")
    .option("--json", "print JSON")
    .action((name: string, flags: AddFlags) =>
      withStore(
        io,
        flags,
        (store, config) =>
          withAudit(io, config, (audit) => add(io, name, flags, { store, config, audit })),
      )
    );

  withConfigFlags(clients.command("list"))
    .description("list the registered clients")
    .option("--json", "print JSON")
    .action((flags: ConfigFlags & { json?: boolean }) =>
      withStore(io, flags, async (store) => {
        const all = (await store.clients.list()).map(({ secretHash: _, ...client }) => client);
        if (flags.json) return io.out(JSON.stringify(all, null, 2));
        if (all.length === 0) return io.out("There are no clients");
        io.out(columns(
          all.map((client) => [client.clientId, client.name, client.scopes.join(" ")]),
          "",
        ));
      })
    );

  withConfigFlags(clients.command("remove <client>"))
    .description(
      "remove a client by its id or name; it gets no further token, and those it has end",
    )
    .action((client: string, flags: ConfigFlags) =>
      withStore(io, flags, async (store, config) => {
        await withAudit(io, config, async (audit) => {
          const removed = await store.clients.remove(client);
          await audit.commit(clientEvent("client.removed", removed));
          io.out(`Removed ${removed.clientId} (${removed.name})`);
          const reach = await endTokensOf(removed.clientId, { store, config, audit });
          if (reach) setExit(printReach(io, reach));
        });
      })
    );
};

interface Parts {
  readonly store: Store;
  readonly config: Config;
  readonly audit: AuditLog;
}

function clientEvent(
  event: "client.added" | "client.removed",
  { clientId, name, scopes }: RegisteredClient,
): AuditEvent {
  return ownEvent({ event, actor: "cli", details: { clientId, name, scopes } }, new Date());
}

type AddFlags = ConfigFlags & { scopes: string; jwks?: string; json?: boolean };

async function add(
  io: Io,
  name: string,
  flags: AddFlags,
  { store, config, audit }: Parts,
): Promise<void> {
  const { createClient } = await import("../auth/embedded/clients.ts");
  const jwks = flags.jwks === undefined ? undefined : await readJwks(flags.jwks);
  const { client, clientSecret } = createClient(
    { name, scopes: scopeList(flags.scopes), ...(jwks ? { jwks } : {}) },
    { now: () => new Date(), policy: createScopePolicy(config.scopes) },
  );
  await store.clients.add(client);
  await audit.commit(clientEvent("client.added", client));
  if (flags.json) {
    io.out(JSON.stringify({
      client_id: client.clientId,
      ...(clientSecret ? { client_secret: clientSecret } : {}),
    }));
    return;
  }
  io.out(columns([
    ["client_id", client.clientId],
    ...(clientSecret ? [["client_secret", clientSecret]] : []),
    ["scopes", client.scopes.join(" ")],
  ], ""));
  if (clientSecret) io.err("The secret is shown this once; only its hash is stored");
}

/** With an external issuer no token of ours is taken, and there is nothing to end. */
async function endTokensOf(clientId: string, { store, config, audit }: Parts) {
  if (config.issuers.length > 0) return undefined;
  return await accessOf(store, config, audit).revoke({
    target: { kind: "client", issuer: config.authorizationServer.url, clientId },
    // A token request that found the client just before it went may be answered in the next second.
    issuedUntil: Math.floor(Date.now() / 1000) + 2,
    reason: "the client was removed",
    actor: "cli",
  });
}

async function readJwks(path: string) {
  try {
    const value = JSON.parse(await readFile(path, "utf8"));
    if (Array.isArray(value?.keys)) return value as { keys: Record<string, unknown>[] };
  } catch {
    // Falls through to the one message below.
  }
  throw usageError(`${path} is not a readable JWK Set`);
}
