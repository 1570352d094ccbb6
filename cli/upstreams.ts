/** Builds the upstreams of a configuration: keys from their files, a credential and bounds for each. */

import { bindUpstream } from "../upstream/bound.ts";
import type { BoundUpstream } from "../upstream/bound.ts";
import { exchangedCredential, noCredential, ownCredential } from "../upstream/credentials.ts";
import type { Credential, ExchangedTokens } from "../upstream/credentials.ts";
import { createUpstreams } from "../upstream/mod.ts";
import type { Upstreams } from "../upstream/mod.ts";
import { createTokenClient } from "../upstream/token_client.ts";
import { createTransport } from "../upstream/transport.ts";
import type { TransportOptions } from "../upstream/transport.ts";
import { AppError, toAppError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { clientTracing } from "../telemetry/trace.ts";
import type { Registry } from "../tools/registry.ts";
import { readClientKey } from "./client_key.ts";
import type { Config } from "./config_schema.ts";
import { subjectIssuersOf } from "./upstream_schema.ts";
import type { UpstreamConfig } from "./upstream_schema.ts";

export interface UpstreamParts {
  /** Outlives a configuration, so that one listener empties it. */
  readonly exchanged: ExchangedTokens;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly transport?: TransportOptions;
}

/**
 * Builds them.
 *
 * @throws {AppError} `invalid_request` that names every key file which cannot be used.
 */
export async function openUpstreams(config: Config, parts: UpstreamParts): Promise<Upstreams> {
  const items = Object.entries(config.upstreams);
  const keys = await readKeys(items);
  const bound = new Map(
    items.map(([name, item]) => [name, bind(name, item, keys.get(name), parts)]),
  );
  return createUpstreams(bound, new Set(items.flatMap(([, item]) => subjectIssuersOf(item))));
}

type Key = Awaited<ReturnType<typeof readClientKey>>;

async function readKeys(
  items: readonly (readonly [string, UpstreamConfig])[],
): Promise<ReadonlyMap<string, Key>> {
  const keys = new Map<string, Key>();
  const problems: string[] = [];
  for (const [name, { auth }] of items) {
    if (auth.kind === "none" || auth.privateKeyFile === undefined) continue;
    try {
      keys.set(name, await readClientKey(auth.privateKeyFile));
    } catch (error) {
      problems.push(`upstreams.${name}.auth.privateKeyFile: ${toAppError(error).message}`);
    }
  }
  if (problems.length === 0) return keys;
  throw new AppError("invalid_request", problems.join("\n"), {
    reason: "misconfigured",
    details: { problems },
  });
}

function bind(
  name: string,
  item: UpstreamConfig,
  privateKey: Key | undefined,
  { exchanged, logger, now, transport: options }: UpstreamParts,
): BoundUpstream {
  const { auth, allowPrivate, timeoutMs, maxResponseBytes: maxBytes } = item;
  const transport = createTransport(options);
  const warn = (properties: Record<string, unknown>) =>
    logger.warning("an upstream cannot be used", { upstream: name, ...properties });
  return bindUpstream({
    name,
    baseUrl: new URL(item.baseUrl),
    credential: credential(),
    bounds: { allowPrivate, timeoutMs, maxBytes },
    transport,
    trace: clientTracing(),
    warn,
  });

  function credential(): Credential {
    if (auth.kind === "none") return noCredential;
    const client = createTokenClient({ ...auth, privateKey }, {
      name,
      transport,
      bounds: { allowPrivate, timeoutMs },
      warn,
    });
    if (auth.kind === "client_credentials") return ownCredential(name, client, now);
    return exchangedCredential({
      name,
      client,
      tokens: exchanged,
      id: crypto.randomUUID(),
      issuers: new Set(subjectIssuersOf(item)),
      now,
    });
  }
}

/** Says which tools cannot do their work here; they are listed all the same, and answer `not_supported`. */
export function warnOfMissing(registry: Registry, upstreams: Upstreams, logger: Logger): void {
  for (const { name, egress } of registry.tools) {
    const missing = egress.filter((upstream) => !upstreams.names.has(upstream));
    if (missing.length === 0) continue;
    logger.warning("a tool needs upstreams that are not configured", { tool: name, missing });
  }
}
