/** `gatehouse clients`: registers and removes machine clients of the embedded authorization server. */

import { readFile } from "node:fs/promises";
import { createScopePolicy } from "../auth/scopes.ts";
import { openStore } from "../store/mod.ts";
import type { Store } from "../store/mod.ts";
import { columns, configFrom, scopeList, usageError, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Io, Register } from "./command.ts";
import type { Config } from "./config_schema.ts";

export const registerClients: Register = (program, io) => {
  const clients = program.command("clients")
    .description("manage the machine clients of the embedded authorization server");

  withConfigFlags(clients.command("add <name>"))
    .description("register a client and print its credentials, once")
    .requiredOption("--scopes <scopes>", 'the most it may ask for, such as "env:read org:read"')
    .option("--jwks <file>", "public JWK Set; the client then authenticates with private_key_jwt")
    .option("--json", "print JSON")
    .action((name: string, flags: AddFlags) =>
      withStore(io, flags, (store, config) => add(io, name, flags, store, config))
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
    .description("remove a client by its id or name; it gets no further token")
    .action((client: string, flags: ConfigFlags) =>
      withStore(io, flags, async (store) => {
        const removed = await store.clients.remove(client);
        io.out(`Removed ${removed.clientId} (${removed.name})`);
      })
    );
};

type AddFlags = ConfigFlags & { scopes: string; jwks?: string; json?: boolean };

async function add(
  io: Io,
  name: string,
  flags: AddFlags,
  store: Store,
  config: Config,
): Promise<void> {
  const { createClient } = await import("../auth/embedded/clients.ts");
  const jwks = flags.jwks === undefined ? undefined : await readJwks(flags.jwks);
  const { client, clientSecret } = createClient(
    { name, scopes: scopeList(flags.scopes), ...(jwks ? { jwks } : {}) },
    { now: () => new Date(), policy: createScopePolicy(config.scopes) },
  );
  await store.clients.add(client);
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

async function readJwks(path: string) {
  try {
    const value = JSON.parse(await readFile(path, "utf8"));
    if (Array.isArray(value?.keys)) return value as { keys: Record<string, unknown>[] };
  } catch {
    // Falls through to the one message below.
  }
  throw usageError(`${path} is not a readable JWK Set`);
}

async function withStore(
  io: Io,
  flags: ConfigFlags,
  work: (store: Store, config: Config) => Promise<void>,
): Promise<void> {
  const config = await configFrom(io, flags);
  if (config.store === "sqlite::memory:") {
    throw usageError(
      "A store in memory has no clients to manage; give --store sqlite:PATH or postgres://...",
    );
  }
  const store = await openStore(config.store, { now: () => new Date() });
  try {
    await work(store, config);
  } finally {
    await store.close();
  }
}
