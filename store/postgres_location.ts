/** Reads `postgres://user:password@host:port/database?...`, strictly: what is not understood is refused, not ignored. */

import { AppError } from "../errors.ts";

export interface PostgresLocation {
  readonly kind: "postgres";
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly schema: string;
  /** Absent: plain text. */
  readonly tls?: PostgresTls;
  readonly applicationName: string;
  /** The most connections that one process opens. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** The location without its password, for people. */
  readonly shown: string;
}

export interface PostgresTls {
  /** `full` is chain and host name, `ca` the chain alone. */
  readonly verify: "full" | "ca" | "none";
  /** Paths of PEM files. */
  readonly caFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
}

const FORM = "postgres://USER:PASSWORD@HOST:PORT/DATABASE";

/** The names of libpq (postgresql.org/docs/current/libpq-connect.html), where it has one. */
const PARAMETERS = [
  "schema",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "application_name",
  "connect_timeout",
  "statement_timeout",
  "pool_size",
] as const;
type Parameters = Partial<Record<typeof PARAMETERS[number], string>>;

/**
 * Reads the location; nothing is taken from PGHOST, PGPASSWORD and their like.
 *
 * @throws {AppError} `invalid_request` with a message that repeats neither password nor an unknown part.
 */
export function readPostgresLocation(location: string): PostgresLocation {
  // A password with a bare `/`, `?` or `#` moves the borders of the parts, so that the rest does not fit either.
  const url = URL.parse(location);
  if (url === null) {
    throw wrong(
      `it is not a URL such as ${FORM}; percent-encode special characters of the password`,
    );
  }
  if (url.hash !== "") throw wrong("it has a #; percent-encode special characters of the password");
  const [user, password, host, database] = [
    url.username,
    url.password,
    url.hostname.replace(/^\[(.*)\]$/, "$1"),
    url.pathname.slice(1),
  ].map(decoded) as [string, string, string, string];
  if (user === "") throw wrong(`it names no user; write ${FORM}`);
  if (host === "" || host.includes(",")) throw wrong(`it must name one host; write ${FORM}`);
  if (database === "" || database.includes("/")) {
    throw wrong(`it must name one database; write ${FORM}`);
  }

  const given = parametersOf(url);
  const tls = tlsOf(given, isLocal(host));
  return {
    kind: "postgres",
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    user,
    ...(password !== "" && { password }),
    database,
    schema: schemaOf(given.schema),
    ...(tls && { tls }),
    applicationName: given.application_name ?? "gatehouse",
    poolSize: numberOf(given, "pool_size", { otherwise: 10, from: 1, to: 100 }),
    connectTimeoutMs: 1000 *
      numberOf(given, "connect_timeout", { otherwise: 5, from: 1, to: 60 }),
    statementTimeoutMs: numberOf(given, "statement_timeout", {
      otherwise: 10_000,
      from: 100,
      to: 600_000,
    }),
    shown: `postgres://${url.username}${password === "" ? "" : ":[redacted]"}@` +
      `${url.host}${url.pathname}${url.search}`,
  };
}

function decoded(part: string): string {
  try {
    const text = decodeURIComponent(part);
    if (!text.includes("\0")) return text;
  } catch {
    // Refused below.
  }
  throw wrong("it has a % that is not followed by the code of a character; write %25 for a %");
}

function parametersOf(url: URL): Parameters {
  const given: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (!(PARAMETERS as readonly string[]).includes(name)) {
      throw wrong(`it has an unknown parameter; the known ones are ${PARAMETERS.join(", ")}`);
    }
    if (Object.hasOwn(given, name)) throw wrong(`${name} is given twice`);
    if (value === "") throw wrong(`${name} is empty`);
    given[name] = value;
  }
  return given;
}

function schemaOf(name = "public"): string {
  if (/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(name) && name !== "information_schema") return name;
  throw wrong(
    "schema must be lower-case letters, digits and _, at most 63, and not the server's own",
  );
}

/** As with other URLs, plain text stays on the machine; what leaves it is verified unless the operator says no. */
function tlsOf(given: Parameters, local: boolean): PostgresTls | undefined {
  const mode = given.sslmode ??
    (local && given.sslrootcert === undefined ? "disable" : "verify-full");
  const files = {
    ...(given.sslrootcert !== undefined && { caFile: given.sslrootcert }),
    ...(given.sslcert !== undefined && { certificateFile: given.sslcert }),
    ...(given.sslkey !== undefined && { keyFile: given.sslkey }),
  };
  if ((given.sslcert === undefined) !== (given.sslkey === undefined)) {
    throw wrong("sslcert and sslkey belong together; give both or neither");
  }
  switch (mode) {
    case "disable":
      if (Object.keys(files).length === 0) return undefined;
      throw wrong("sslmode=disable makes no use of certificates; leave one of the two out");
    // libpq would encrypt and believe any certificate; whoever wants that has to say so.
    case "require":
    case "verify-full":
      return { verify: "full", ...files };
    case "verify-ca":
      return { verify: "ca", ...files };
    case "no-verify":
      if (given.sslrootcert === undefined) return { verify: "none", ...files };
      throw wrong("sslmode=no-verify makes no use of sslrootcert; leave one of the two out");
    case "allow":
    case "prefer":
      throw wrong(`sslmode=${mode} can be talked out of TLS; choose require, no-verify or disable`);
    default:
      throw wrong("sslmode must be disable, require, verify-ca, verify-full or no-verify");
  }
}

function isLocal(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" ||
    /^127\.[\d.]+$/.test(host);
}

function numberOf(
  given: Parameters,
  name: "pool_size" | "connect_timeout" | "statement_timeout",
  { otherwise, from, to }: { otherwise: number; from: number; to: number },
): number {
  const text = given[name];
  if (text === undefined) return otherwise;
  const value = /^\d{1,7}$/.test(text) ? Number(text) : NaN;
  if (value >= from && value <= to) return value;
  throw wrong(`${name} must be a number from ${from} to ${to}`);
}

function wrong(problem: string): AppError {
  return new AppError(
    "invalid_request",
    `The location of the PostgreSQL store is wrong: ${problem}`,
    {
      reason: "store_location",
    },
  );
}
