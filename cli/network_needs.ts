/** Which hosts a configuration makes the server listen on and connect to, and why. */

import { discoverEndpoint } from "../auth/discovery.ts";
import { AppError } from "../errors.ts";
import { readLocation } from "../store/mod.ts";
import type { Config, IssuerConfig } from "./config_schema.ts";
import { OPERATOR_HOST } from "./operator.ts";
import type { UpstreamConfig } from "./upstream_schema.ts";

export interface NetworkNeed {
  readonly direction: "listen" | "connect";
  /** `host:port`, with brackets around IPv6; without a port where the system picks one. */
  readonly host: string;
  /** The member of the configuration that it follows from. */
  readonly for: string;
}

export interface NeedsOptions {
  /** Asks an issuer's metadata, for endpoints that the configuration does not name. */
  readonly discover?: typeof discoverEndpoint;
}

type Found = readonly NetworkNeed[] | Promise<readonly NetworkNeed[]>;

/**
 * Works it out.
 *
 * @throws {AppError} `unavailable` that names every issuer whose metadata cannot be had now.
 */
export async function networkNeeds(
  config: Config,
  { discover = discoverEndpoint }: NeedsOptions = {},
): Promise<readonly NetworkNeed[]> {
  const find = finder(discover);
  const found: Found[] = [
    listeners(config),
    store("store", config.store),
    store("rateLimit.store", config.rateLimit.store),
    ...config.issuers.map((issuer, index) => find.issuer(`issuers.${index}`, issuer)),
    ...Object.entries(config.upstreams).map(([name, upstream]) =>
      find.upstream(`upstreams.${name}`, upstream)
    ),
  ];
  const settled = await Promise.allSettled(found);
  const failed = settled.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
  if (failed.length === 0) {
    return settled.flatMap((result) => result.status === "fulfilled" ? result.value : []);
  }
  throw new AppError("unavailable", failed.map((error) => (error as Error).message).join("\n"), {
    reason: "misconfigured",
  });
}

function listeners(config: Config): NetworkNeed[] {
  const { authorizationServer, operator, issuers } = config;
  const listen = (host: string, port: number, member: string): NetworkNeed => ({
    direction: "listen",
    host: hostAndPort(host, port),
    for: member,
  });
  return [
    listen(config.host, config.port, "host, port"),
    ...(issuers.length === 0
      ? [listen(authorizationServer.host, authorizationServer.port, "authorizationServer")]
      : []),
    ...(operator.port === undefined ? [] : [listen(OPERATOR_HOST, operator.port, "operator.port")]),
  ];
}

function store(member: string, location: string): NetworkNeed[] {
  if (/^rediss?:/.test(location)) {
    const { hostname, port } = new URL(location);
    return [connect(hostAndPort(hostname, Number(port) || 6379), member)];
  }
  if (!/^postgres(ql)?:/.test(location)) return [];
  const read = readLocation(location);
  // A Unix socket is a file.
  if (read.kind !== "postgres" || read.host.startsWith("/")) return [];
  return [connect(hostAndPort(read.host, read.port), member)];
}

function finder(discover: typeof discoverEndpoint) {
  /** The issuer itself, for its metadata, and what that names. */
  async function discovered(
    member: string,
    issuer: string,
    endpoint: Parameters<typeof discoverEndpoint>[1],
  ): Promise<NetworkNeed[]> {
    try {
      const url = await discover(issuer, endpoint);
      return [connectTo(issuer, member), connectTo(url, `${member} (${endpoint})`)];
    } catch {
      throw new Error(
        `${member}: the metadata of ${issuer} cannot be had now, so nobody can tell its ${endpoint}; ` +
          "name the endpoint in the configuration, or try again",
      );
    }
  }

  return {
    async issuer(member: string, item: IssuerConfig): Promise<NetworkNeed[]> {
      const { issuer, jwksUri, introspection } = item;
      return [
        ...(jwksUri === undefined
          ? await discovered(`${member}.issuer`, issuer, "jwks_uri")
          : [connectTo(jwksUri, `${member}.jwksUri`)]),
        ...(introspection === undefined
          ? []
          : introspection.endpoint === undefined
          ? await discovered(`${member}.introspection`, issuer, "introspection_endpoint")
          : [connectTo(introspection.endpoint, `${member}.introspection.endpoint`)]),
      ];
    },
    async upstream(member: string, { baseUrl, auth }: UpstreamConfig): Promise<NetworkNeed[]> {
      const base = connectTo(baseUrl, `${member}.baseUrl`);
      if (auth.kind === "none") return [base];
      if (auth.tokenUrl !== undefined) {
        return [base, connectTo(auth.tokenUrl, `${member}.auth.tokenUrl`)];
      }
      return [
        base,
        ...await discovered(`${member}.auth.issuer`, auth.issuer!, "token_endpoint"),
      ];
    },
  };
}

function connectTo(text: string, member: string): NetworkNeed {
  const { hostname, port, protocol } = new URL(text);
  return connect(hostAndPort(hostname, Number(port) || (protocol === "https:" ? 443 : 80)), member);
}

function connect(host: string, member: string): NetworkNeed {
  return { direction: "connect", host, for: member };
}

function hostAndPort(host: string, port: number): string {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return port === 0 ? name : `${name}:${port}`;
}

/** Addresses that no configuration means: metadata services of clouds are among them. */
const NEVER = "169.254.0.0/16";

/** The needs as permissions of Deno, with the rest of what the program may do (deno.json, `permissions`). */
export function denoPermissions(needs: readonly NetworkNeed[]): readonly string[] {
  const hosts = [...new Set(needs.map(({ host }) => host))].toSorted();
  return [
    `--allow-net=${hosts.join(",")}`,
    `--deny-net=${NEVER}`,
    "--allow-env=GATEHOUSE_*",
    "--ignore-env",
    "--allow-read",
    "--allow-write",
    "--deny-import",
  ];
}
