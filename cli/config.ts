/** Reads the configuration from a file, the environment and flags, in rising order of precedence, and checks it whole. */

import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { AppError } from "../errors.ts";
import { isLoopbackHost } from "../auth/fetch_json.ts";
import { configSchema } from "./config_schema.ts";
import type { Config, ParsedConfig } from "./config_schema.ts";
import { FROM_FILE, takeSecrets } from "./store_config.ts";
import { upstreamFaults } from "./upstream_schema.ts";

/** Environment variables and the member of the file that each stands for. */
export const VARIABLES = {
  GATEHOUSE_HOST: "host",
  GATEHOUSE_PORT: "port",
  GATEHOUSE_URL: "url",
  GATEHOUSE_ISSUER: "issuers.0.issuer",
  GATEHOUSE_JWKS_URI: "issuers.0.jwksUri",
  GATEHOUSE_AUDIENCE: "issuers.0.audiences",
  GATEHOUSE_ISSUER_PROFILE: "issuers.0.profile",
  GATEHOUSE_ISSUER_PORT: "authorizationServer.port",
  GATEHOUSE_STORE: "store",
  GATEHOUSE_INSTANCE: "instance",
  GATEHOUSE_AUDIT: "audit.directory",
  GATEHOUSE_ALLOWED_HOSTS: "allowedHosts",
  GATEHOUSE_ALLOWED_ORIGINS: "allowedOrigins",
  GATEHOUSE_OPERATOR_PORT: "operator.port",
  GATEHOUSE_RATE_LIMIT: "rateLimit.mode",
  GATEHOUSE_RATE_LIMIT_STORE: "rateLimit.store",
  GATEHOUSE_TRUSTED_PROXIES: "trustedProxies",
  GATEHOUSE_LOG_LEVEL: "logLevel",
} as const;

/** Variables that other commands read; they are no configuration of the server. */
const CLIENT_VARIABLES = new Set([
  "GATEHOUSE_CLIENT_ID",
  "GATEHOUSE_CLIENT_ISSUER",
  "GATEHOUSE_CLIENT_SECRET",
  "GATEHOUSE_CONFIG",
  "GATEHOUSE_PRIVATE_KEY",
]);
const LISTS = new Set([
  "issuers.0.audiences",
  "allowedHosts",
  "allowedOrigins",
  "trustedProxies",
]);

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A JSON file for what is structured. */
  readonly file?: string | undefined;
  /** Values from the command line, by the names of the file's members. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads and checks the configuration.
 *
 * @throws {AppError} `invalid_request` that lists every problem.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const raw = await readConfigFile(sources.file ?? sources.env["GATEHOUSE_CONFIG"]);
  const problems: string[] = [];
  const fileStore = raw["store"];
  const secretNames = takeSecrets(fileStore, sources.env, problems);
  if (typeof raw["rateLimit"] === "string") raw["rateLimit"] = { mode: raw["rateLimit"] };
  for (const [name, value] of Object.entries(sources.env)) {
    if (!name.startsWith("GATEHOUSE_") || value === undefined || CLIENT_VARIABLES.has(name)) {
      continue;
    }
    if (secretNames.has(name)) continue;
    const path = Object.hasOwn(VARIABLES, name) ? VARIABLES[name as keyof typeof VARIABLES] : "";
    if (path === "") problems.push(`${name} is not a variable of this program`);
    else if (value.trim() === "") problems.push(`${name} is empty; unset it or give it a value`);
    else assign(raw, path, value.trim());
  }
  for (const [path, value] of Object.entries(sources.flags ?? {})) {
    if (value !== undefined) assign(raw, path, value);
  }
  if (raw["store"] === FROM_FILE) {
    raw["store"] = fileStore;
    if (fileStore === undefined || typeof fileStore === "string") {
      problems.push(
        `GATEHOUSE_STORE (store): ${FROM_FILE} stands for the store of the configuration file, of kind scalekit; ` +
          "there is none (docs/scalekit.md)",
      );
      delete raw["store"];
    }
  }
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap(describeIssue));
  if (!parsed.success || problems.length > 0) throw misconfigured(problems);
  const config = complete(parsed.data);
  const faults = faultsOf(config);
  if (faults.length > 0) throw misconfigured(faults);
  return config;
}

async function readConfigFile(path: string | undefined): Promise<Record<string, unknown>> {
  if (path === undefined) return {};
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "is not valid JSON" : "cannot be read";
    throw new AppError("invalid_request", `The configuration file ${path} ${why}`, { cause });
  }
  throw new AppError("invalid_request", `The configuration file ${path} is not a JSON object`);
}

function assign(target: Record<string, unknown>, path: string, value: string): void {
  const names = path.split(".");
  const last = names.pop()!;
  let at: Record<string, unknown> = target;
  for (const [index, name] of names.entries()) {
    const next = names[index + 1] ?? last;
    at = (at[name] ??= /^\d+$/.test(next) ? [] : {}) as Record<string, unknown>;
  }
  at[last] = LISTS.has(path) ? value.split(",").map((item) => item.trim()) : value;
}

function complete(parsed: ParsedConfig): Config {
  const { authorizationServer: server, issuers = [], store, ...rest } = parsed;
  const url = new URL(parsed.url ?? `http://localhost:${parsed.port}`).origin;
  const origins = publicOrigins(url);
  return {
    ...rest,
    store: store.local,
    ...(store.environments && { scalekit: { environments: store.environments } }),
    url,
    issuers,
    allowedHosts: parsed.allowedHosts ?? origins.map((origin) => new URL(origin).host),
    allowedOrigins: parsed.allowedOrigins ??
      (isLoopbackUrl(url) ? [...origins, ...INSPECTOR_ORIGINS] : origins),
    authorizationServer: {
      host: server.host ?? parsed.host,
      port: server.port,
      url: new URL(server.url ?? `http://localhost:${server.port}`).origin,
      dpop: server.dpop,
      dpopNonce: server.dpopNonce,
      ...(server.keysFile ? { keysFile: server.keysFile } : {}),
      ...(server.users ? { users: server.users } : {}),
    },
  };
}

/** The Inspector's own page, which a developer opens on the same machine. */
const INSPECTOR_ORIGINS = ["http://localhost:6274", "http://127.0.0.1:6274"];

/** The origins under which clients reach the server: on loopback every name of it, otherwise the one of the URL. */
export function publicOrigins(url: string): readonly string[] {
  if (!isLoopbackUrl(url)) return [url];
  const { protocol, port } = new URL(url);
  const names = ["localhost", "127.0.0.1", "[::1]"].map((name) =>
    `${protocol}//${name}${port === "" ? "" : `:${port}`}`
  );
  return [url, ...names.filter((name) => name !== url)];
}

function faultsOf(config: Config): string[] {
  const faults: string[] = [];
  const embedded = config.issuers.length === 0;
  if (embedded && !isLoopbackHost(config.host) && isLoopbackUrl(config.authorizationServer.url)) {
    faults.push(
      `host ${config.host} is not loopback, so the embedded authorization server for development does not start; ` +
        "set GATEHOUSE_ISSUER, or authorizationServer.url (https) in the configuration file",
    );
  }
  if (!isLoopbackHost(config.host) && isLoopbackUrl(config.url)) {
    faults.push(
      `host ${config.host} is not loopback, but url ${config.url} is; set GATEHOUSE_URL to the public https origin`,
    );
  }
  if (embedded && config.port === config.authorizationServer.port && config.port !== 0) {
    faults.push(
      `port ${config.port} is wanted twice; give the embedded authorization server another in GATEHOUSE_ISSUER_PORT`,
    );
  }
  const { port: operatorPort } = config.operator;
  const taken = embedded ? [config.port, config.authorizationServer.port] : [config.port];
  if (operatorPort !== undefined && operatorPort !== 0 && taken.includes(operatorPort)) {
    faults.push(
      `port ${operatorPort} is wanted twice; give the operator listener another in GATEHOUSE_OPERATOR_PORT`,
    );
  }
  for (const { issuer, profile, audiences } of config.issuers) {
    if (profile === "entra" && audiences === undefined) {
      faults.push(
        `issuer ${issuer} needs audiences (GATEHOUSE_AUDIENCE): Entra never puts the resource's URL into aud, ` +
          "but the application id or its api:// URI",
      );
    }
  }
  const names = config.issuers.map((item) => item.issuer);
  for (const name of new Set(names)) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) {
      faults.push(`issuer ${name} is given twice`);
    }
  }
  faults.push(
    ...upstreamFaults(config.upstreams, embedded ? [config.authorizationServer.url] : names),
  );
  if (config.issuers.filter((item) => item.introspection).length > 1) {
    faults.push(
      "only one issuer can have introspection: an opaque token does not tell whose it is",
    );
  }
  for (const origin of config.allowedOrigins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      faults.push(`allowedOrigins: ${origin} is not an origin such as https://app.example.com`);
    }
  }
  for (const host of config.allowedHosts) {
    if (!/^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(host)) {
      faults.push(`allowedHosts: ${host} is not a host or host:port`);
    }
  }
  return faults;
}

export function isLoopbackUrl(url: string): boolean {
  return isLoopbackHost(new URL(url).hostname);
}

/** Says where a value came from in the words the operator used. */
function describeIssue(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.map(String).join(".");
  const variable = Object.entries(VARIABLES).find(([, target]) =>
    path === target || path.startsWith(`${target}.`)
  )?.[0];
  const name = variable ? `${variable} (${path})` : path || "the configuration";
  return [`${name}: ${issue.message}`];
}

function misconfigured(problems: readonly string[]): AppError {
  return new AppError("invalid_request", problems.join("\n"), {
    reason: "misconfigured",
    details: { problems },
  });
}
