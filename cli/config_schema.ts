/** The schema of the configuration: every member, its bounds and its default. */

import { z } from "zod";
import { isSecureUrl } from "../auth/fetch_json.ts";
import { ISSUER_PROFILES } from "../auth/profiles.ts";
import type { ProfileName } from "../auth/profiles.ts";
import { DEFAULT_RATE_LIMITS } from "../http/limits/rates.ts";
import { isSharedStoreUrl } from "../http/limits/shared.ts";
import { isProxyRange } from "../http/peer.ts";
import type { ScalekitSettings } from "../store/scalekit/settings.ts";
import { isOrigin, storeSchema } from "./store_config.ts";
import { upstreamsSchema } from "./upstream_schema.ts";

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().int().positive();
const secureUrl = z.string().refine(isSecureUrl, "must be an https URL (http on loopback only)");
const list = z.array(z.string().min(1));
const rate = z.strictObject({
  points: positive.max(1_000_000_000),
  seconds: positive.max(86_400),
});

const issuer = z.strictObject({
  issuer: secureUrl,
  /** Skips discovery. */
  jwksUri: secureUrl.optional(),
  /** Accepted `aud` values instead of the resource's URL. */
  audiences: list.nonempty().optional(),
  profile: z.enum(Object.keys(ISSUER_PROFILES) as [ProfileName, ...ProfileName[]])
    .default("rfc9068"),
  algorithms: z.array(z.enum(["ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"]))
    .nonempty().default(["ES256", "EdDSA", "Ed25519", "RS256", "PS256"]),
  clockToleranceSeconds: z.number().int().min(0).max(60).default(30),
  maxLifetimeSeconds: positive.default(86_400),
  /** Refuses a token that is meant for a second resource too. */
  strictAudience: z.boolean().default(false),
  /** Tokens bound to a key of the client (RFC 9449). */
  dpop: z.enum(["off", "optional", "required"]).default("off"),
  /** Whether DPoP proofs must carry a nonce of ours. */
  dpopNonce: z.boolean().default(false),
  /** Opaque tokens (RFC 7662). */
  introspection: z.strictObject({
    /** Skips discovery. */
    endpoint: secureUrl.optional(),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    cacheSeconds: z.number().int().min(0).max(60).default(30),
  }).optional(),
});

/** What the file, the environment and the flags may say. */
export const configSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1"),
  port: port.default(8000),
  /** The public origin; the resource is this and `/mcp`. */
  url: secureUrl.refine(isOrigin, "must be an origin: scheme, host and port, no path").optional(),
  issuers: z.array(issuer).optional(),
  /** The embedded authorization server, which runs where no issuer is configured. */
  authorizationServer: z.strictObject({
    host: z.string().min(1).optional(),
    port: port.default(8001),
    url: secureUrl.refine(isOrigin, "must be an origin: scheme, host and port, no path").optional(),
    dpop: z.enum(["off", "optional", "required"]).default("off"),
    dpopNonce: z.boolean().default(false),
    /** Holds the keys instead of the place that goes with the store. */
    keysFile: z.string().min(1).optional(),
    users: z.array(z.strictObject({
      subject: z.string().min(1).max(256),
      name: z.string().min(1).max(64),
      passwordHash: z.string().startsWith("scrypt:"),
    })).optional(),
  }).prefault({}),
  /** Metrics, readiness, revocations and the audit trail, for this machine alone; off without a port. */
  operator: z.strictObject({
    port: port.optional(),
    /** Hex SHA-256 of a token of your own, instead of the one that is made beside the database. */
    tokenHash: z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in 64 lower-case hex digits")
      .optional(),
  }).prefault({}),
  store: storeSchema,
  /** Names the audit chain that this process writes; where another has it, `NAME-2` and so on is taken. */
  instance: z.string().regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    "must be lower-case letters, digits and dashes, at most 32",
  ).refine((name) => name !== "cli", "must be another; cli is the chain of the command line")
    .default("server"),
  audit: z.strictObject({
    /** Default: in PostgreSQL where the store is, otherwise beside the database, with `.audit` for its extension. */
    directory: z.string().min(1).optional(),
    /** Holds the keys instead of the place that goes with the store. */
    keysFile: z.string().min(1).optional(),
    /** How long a record may wait to be written; before a tool with an effect runs nothing waits. */
    flushMs: positive.max(10_000).default(100),
  }).prefault({}),
  allowedHosts: list.optional(),
  allowedOrigins: list.optional(),
  toolVisibility: z.enum(["auto", "all", "granted"]).default("auto"),
  /** Scopes of a deployment's own tools. */
  scopes: z.record(
    z.string(),
    z.strictObject({
      description: z.string().min(1),
      implies: z.array(z.string()).default([]),
      baseline: z.boolean().default(false),
    }),
  ).default({}),
  /** Other servers that tools call, by name. */
  upstreams: upstreamsSchema,
  /** Proxies whose X-Forwarded-For is believed, as CIDR ranges. */
  trustedProxies: z.array(
    z.string().refine(
      isProxyRange,
      "must be CIDR ranges of your proxies such as 10.0.0.0/8 or 127.0.0.1, none of them everybody",
    ),
  ).default([]),
  /** The file may say `"on"` or `"off"` for `{ "mode": ... }`. */
  rateLimit: z.strictObject({
    mode: z.enum(["on", "off"]).default("on"),
    address: rate.default(DEFAULT_RATE_LIMITS.address),
    client: rate.default(DEFAULT_RATE_LIMITS.client),
    tool: rate.default(DEFAULT_RATE_LIMITS.tool),
    concurrent: positive.default(DEFAULT_RATE_LIMITS.concurrent),
    streams: positive.default(DEFAULT_RATE_LIMITS.streams),
    /** Where the points are counted: by each instance for itself, or by all that share a store. */
    store: z.string().refine(
      (text) => text === "memory" || isSharedStoreUrl(text),
      "must be memory, redis://HOST:PORT/DATABASE or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    ).default("memory"),
    /** Tells deployments apart that share a store. */
    prefix: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "must be up to 32 of a-z, 0-9 and _")
      .default("gatehouse"),
  }).prefault({}),
  /** Believes a verified token for up to a minute; expiry, binding and scopes are checked each time all the same. */
  verificationCache: z.union([
    z.enum(["on", "off"]),
    z.strictObject({
      maxEntries: positive.max(1_000_000).default(10_000),
      maxSeconds: positive.max(60).default(60),
    }),
  ]).default("on"),
  maxBodyBytes: positive.default(4 * 1024 * 1024),
  bodyTimeoutMs: positive.default(10_000),
  /** How long `/readyz` says so before the listener stops: as long as a load balancer takes to notice. */
  drainDelayMs: z.coerce.number().int().min(0).max(300_000).default(0),
  drainTimeoutMs: positive.default(10_000),
  logLevel: z.enum(["debug", "info", "warning", "error", "off"]).default("info"),
});

export type ParsedConfig = z.output<typeof configSchema>;
export type IssuerConfig = z.output<typeof issuer>;

/** The effective configuration, with every default filled in. */
export type Config =
  & Omit<
    ParsedConfig,
    "store" | "url" | "issuers" | "authorizationServer" | "allowedHosts" | "allowedOrigins"
  >
  & {
    /** Where everything is that is not the workspace, and the workspace too where no `scalekit` is. */
    readonly store: string;
    readonly scalekit?: ScalekitSettings;
    readonly url: string;
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
    /** Empty where the embedded authorization server is the issuer. */
    readonly issuers: readonly IssuerConfig[];
    readonly authorizationServer: {
      readonly host: string;
      readonly port: number;
      readonly url: string;
      readonly dpop: "off" | "optional" | "required";
      readonly dpopNonce: boolean;
      readonly keysFile?: string;
      readonly users?: NonNullable<ParsedConfig["authorizationServer"]["users"]>;
    };
  };
