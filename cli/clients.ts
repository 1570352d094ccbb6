/** `gatehouse clients`: registers and removes machine clients of the embedded authorization server. */

import { readFile } from "node:fs/promises";
import type { Enforcement } from "../auth/access_control.ts";
import type { RevocationAudit } from "../auth/revocation_audit.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import type { AuditEvent } from "../store/audit.ts";
import { noSuchClient } from "../store/authorization.ts";
import type { ClientStore, RegisteredClient } from "../store/authorization.ts";
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
          const { removed, reach } = await removeClient(client, { store, config, audit });
          io.out(`Removed ${removed.clientId} (${removed.name})`);
          if (reach) setExit(printReach(io, reach));
        });
      })
    );
};

export interface ClientParts {
  readonly store: Pick<Store, "clients" | "revocations">;
  readonly config: Config;
  readonly audit: RevocationAudit;
}

/** Keeps a client and records it; one that cannot be recorded is taken back, as nobody would know of it. */
export async function addClient(
  client: RegisteredClient,
  { store, audit }: Pick<ClientParts, "store" | "audit">,
): Promise<void> {
  await store.clients.add(client);
  try {
    await audit.commit(clientEvent("client.added", client));
  } catch (error) {
    await store.clients.remove(client.clientId);
    throw error;
  }
}

/**
 * Shuts a client out, removes it, and records that it is gone; what fails in between leaves it shut out.
 *
 * `reach` tells where its tokens have ended; with an external issuer no token of ours is taken, and there are none.
 */
export async function removeClient(
  idOrName: string,
  parts: ClientParts,
): Promise<{ readonly removed: RegisteredClient; readonly reach: Enforcement | undefined }> {
  const { store, audit } = parts;
  const clientId = await idOf(idOrName, store.clients);
  const reach = await shutOut(clientId, parts);
  const removed = await store.clients.remove(clientId);
  await audit.commit(clientEvent("client.removed", removed));
  return { removed, reach };
}

/** The id first, as the store has it. */
async function idOf(idOrName: string, clients: ClientStore): Promise<string> {
  if (await clients.find(idOrName)) return idOrName;
  const named = (await clients.list()).find(({ name }) => name === idOrName);
  if (named === undefined) throw noSuchClient();
  return named.clientId;
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
  { store, config, audit }: ClientParts,
): Promise<void> {
  const { createClient } = await import("../auth/embedded/clients.ts");
  const jwks = flags.jwks === undefined ? undefined : await readJwks(flags.jwks);
  const { client, clientSecret } = createClient(
    { name, scopes: scopeList(flags.scopes), ...(jwks ? { jwks } : {}) },
    { now: () => new Date(), policy: createScopePolicy(config.scopes) },
  );
  await addClient(client, { store, audit });
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

async function shutOut(
  clientId: string,
  { store, config, audit }: ClientParts,
): Promise<Enforcement | undefined> {
  if (config.issuers.length > 0) return undefined;
  return await accessOf(store, config, audit).revoke({
    target: { kind: "client", issuer: config.authorizationServer.url, clientId },
    untilTokensExpire: true,
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
