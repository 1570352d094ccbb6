/** The part of the configuration about other servers that tools call. */

import { isIP } from "node:net";
import { z } from "zod";
import { addressKind, bareHost } from "../auth/addresses.ts";
import { isLoopbackHost, isSecureUrl } from "../auth/fetch_json.ts";

const secureUrl = z.string().refine(isSecureUrl, "must be an https URL (http on loopback only)");
const text = z.string().min(1).max(1024);
const positive = z.coerce.number().int().positive();

/** Who the server is to the authorization server of an upstream. */
const client = {
  /** Its metadata names the token endpoint. */
  issuer: secureUrl.optional(),
  /** The token endpoint itself. */
  tokenUrl: secureUrl.optional(),
  clientId: text,
  clientSecret: text.optional(),
  /** A JWK or PEM file for assertions (RFC 7523) instead of a secret. */
  privateKeyFile: text.optional(),
  scope: text.optional(),
  /** RFC 8707. */
  resource: text.optional(),
  audience: text.optional(),
};

const upstream = z.strictObject({
  /** Tools reach nothing but paths below it. */
  baseUrl: z.string().refine(
    isBase,
    "must be an http or https URL without user, query or fragment",
  ),
  auth: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({ kind: z.literal("client_credentials"), ...client }),
    z.strictObject({
      kind: z.literal("token_exchange"),
      ...client,
      /** Issuers whose access tokens are exchanged; default: `issuer`. */
      subjectIssuers: z.array(secureUrl).nonempty().optional(),
    }),
  ]),
  /** For each request, from the name to the last byte. */
  timeoutMs: positive.max(300_000).default(10_000),
  maxResponseBytes: positive.max(64 * 1024 * 1024).default(1024 * 1024),
  /** Whether this host, and that of its authorization server, may have an address that is not public. */
  allowPrivate: z.boolean().default(false),
});

/** By the names that tools declare in `egress`. */
export const upstreamsSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "must be lower-case letters, digits and dashes"),
  upstream,
).default({});

export type UpstreamConfig = z.output<typeof upstream>;
type ClientConfig = Exclude<UpstreamConfig["auth"], { kind: "none" }>;

function isBase(value: string): boolean {
  if (!/^https?:/i.test(value) || !URL.canParse(value)) return false;
  const { username, password, search, hash } = new URL(value);
  return username === "" && password === "" && search === "" && hash === "" && !/[?#]/.test(value);
}

/** The issuers whose tokens an upstream is called with in exchange. */
export function subjectIssuersOf({ auth }: UpstreamConfig): readonly string[] {
  if (auth.kind !== "token_exchange") return [];
  return auth.subjectIssuers ?? (auth.issuer === undefined ? [] : [auth.issuer]);
}

/** What is wrong between members; `trusted` are the issuers whose tokens are accepted here. */
export function upstreamFaults(
  upstreams: Readonly<Record<string, UpstreamConfig>>,
  trusted: readonly string[],
): readonly string[] {
  return Object.entries(upstreams).flatMap(([name, item]) =>
    [...hostFaults(item), ...clientFaults(item), ...subjectFaults(item, trusted)]
      .map((fault) => `upstreams.${name}.${fault}`)
  );
}

function hostFaults({ baseUrl, auth, allowPrivate }: UpstreamConfig): string[] {
  const url = new URL(baseUrl);
  const faults = placeFaults("baseUrl", url, allowPrivate);
  // What carries a token must not be readable on the way (RFC 6750 section 5.3).
  if (
    url.protocol === "http:" && !isSecureUrl(baseUrl) && (auth.kind !== "none" || !allowPrivate)
  ) {
    faults.push(
      "baseUrl: must be https, or http on loopback; without auth also in a private network",
    );
  }
  if (auth.kind === "none") return faults;
  for (const member of ["issuer", "tokenUrl"] as const) {
    const value = auth[member];
    if (value !== undefined) {
      faults.push(...placeFaults(`auth.${member}`, new URL(value), allowPrivate));
    }
  }
  return faults;
}

/** What is plain to see before anybody asks a resolver. */
function placeFaults(member: string, url: URL, allowPrivate: boolean): string[] {
  const host = bareHost(url);
  const kind = isLoopbackHost(host) ? "private" : isIP(host) ? addressKind(host) : "public";
  if (kind === "reserved") return [`${member}: ${host} is no address of a server`];
  if (kind === "public" || allowPrivate) return [];
  return [`${member}: ${host} is not public; set allowPrivate where that is meant`];
}

function clientFaults({ auth }: UpstreamConfig): string[] {
  if (auth.kind === "none") return [];
  return [
    ...oneOf(auth, "issuer", "tokenUrl"),
    ...oneOf(auth, "clientSecret", "privateKeyFile"),
  ];
}

function oneOf(auth: ClientConfig, first: keyof ClientConfig, second: keyof ClientConfig) {
  const isOne = (auth[first] === undefined) !== (auth[second] === undefined);
  return isOne ? [] : [`auth: needs either ${first} or ${second}`];
}

function subjectFaults(item: UpstreamConfig, trusted: readonly string[]): string[] {
  if (item.auth.kind !== "token_exchange") return [];
  const issuers = subjectIssuersOf(item);
  if (issuers.length === 0) {
    return ["auth.subjectIssuers: name the issuers whose tokens the token endpoint exchanges"];
  }
  return issuers.filter((issuer) => !trusted.includes(issuer)).map((issuer) =>
    `auth.subjectIssuers: ${issuer} is no issuer that this server trusts`
  );
}
