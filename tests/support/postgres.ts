/** The PostgreSQL server for tests: whether one listens, and schemas of their own in it that are dropped afterwards. */

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import process from "node:process";
import { after, test } from "node:test";
// @ts-types="../../store/sql/pg.d.ts"
import pg, { type Client } from "pg";

export const SERVER = process.env["GATEHOUSE_TEST_POSTGRES"] ??
  "postgres://postgres@127.0.0.1:5432/postgres";

const { hostname, port } = new URL(SERVER);
const where = { host: hostname, port: Number(port || 5432) };

/** For the options of a test: the reason to skip it where no server listens. */
export const needsPostgres: { readonly skip?: string } = await listens(where)
  ? {}
  : { skip: `no PostgreSQL listens at ${where.host}:${where.port}` };

const schemas: string[] = [];

/** Drops what `newLocation()` named, at the end of the file; each test file asks for it, as Bun forgets it after one. */
export function dropSchemasAfter(): void {
  // Several at once, as Bun gives a hook five seconds.
  after(() => Promise.all(Array.from({ length: 8 }, () => withClient(dropSchemas))));
}

async function dropSchemas(client: Client): Promise<void> {
  // One by one: a transaction that drops them all needs more locks than the server has.
  for (let schema = schemas.pop(); schema !== undefined; schema = schemas.pop()) {
    await client.query(`drop schema if exists ${schema} cascade`);
  }
}

/** The location of a store in a schema of its own, which does not exist yet. */
export function newLocation(parameters: Readonly<Record<string, string>> = {}): string {
  const schema = `gatehouse_test_${randomBytes(6).toString("hex")}`;
  schemas.push(schema);
  return locationWith({ schema, pool_size: "4", ...parameters });
}

export function locationWith(
  parameters: Readonly<Record<string, string>>,
  server = SERVER,
): string {
  const url = new URL(server);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

export function schemaOf(location: string): string {
  return new URL(location).searchParams.get("schema")!;
}

/** Runs statements beside the store. */
export function query(
  text: string,
  values?: readonly unknown[],
): Promise<readonly Record<string, unknown>[]> {
  return withClient(async (client) => (await client.query(text, values)).rows ?? []);
}

async function withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Registers tests where a server listens, and otherwise one that says why they are missing. */
export function withPostgres(name: string, register: () => void): void {
  if (needsPostgres.skip === undefined) register();
  else test(`${name} on PostgreSQL`, needsPostgres, () => {});
}

function listens({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.on("connect", () => end(true)).on("error", () => end(false));
  });
}
