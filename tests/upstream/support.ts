/** Upstreams as the configuration describes them, for tests that call them as a handler does. */

import { openUpstreams } from "../../cli/upstreams.ts";
import type { UpstreamParts } from "../../cli/upstreams.ts";
import type { Config } from "../../cli/config_schema.ts";
import { upstreamsSchema } from "../../cli/upstream_schema.ts";
import { holdSubjectToken } from "../../auth/subject_token.ts";
import type { SubjectToken } from "../../auth/subject_token.ts";
import type { Principal } from "../../auth/principal.ts";
import { createExchangedTokens } from "../../upstream/credentials.ts";
import type { Upstream, UpstreamCall } from "../../upstream/mod.ts";
import { principal } from "../support/tools.ts";
import { UPSTREAM_CLIENT } from "../support/upstream.ts";

export interface Bench {
  /** Opens a call of a tool that declares every configured upstream. */
  call(caller?: Partial<Calling>): Called;
  readonly warnings: Record<string, unknown>[];
  readonly exchanged: ReturnType<typeof createExchangedTokens>;
}

export interface Calling {
  readonly principal: Principal;
  readonly subject: SubjectToken;
  readonly signal: AbortSignal;
  readonly egress: readonly string[];
}

export interface Called {
  upstream(name: string): Upstream;
  close(): void;
  readonly calls: UpstreamCall[];
}

/** Builds upstreams from the words of a configuration file. */
export async function bench(
  upstreams: Record<string, unknown>,
  parts: Partial<UpstreamParts> = {},
): Promise<Bench> {
  const warnings: Record<string, unknown>[] = [];
  const exchanged = createExchangedTokens();
  const ignore = () => {};
  const config = { upstreams: upstreamsSchema.parse(upstreams) } as Config;
  const opened = await openUpstreams(config, {
    exchanged,
    now: () => new Date(),
    logger: {
      debug: ignore,
      info: ignore,
      error: ignore,
      warning: (_message, properties = {}) => void warnings.push(properties),
    },
    ...parts,
  });
  return {
    warnings,
    exchanged,
    call(caller = {}) {
      const calls: UpstreamCall[] = [];
      const open = opened.open({
        principal: principal(),
        egress: Object.keys(upstreams),
        signal: new AbortController().signal,
        onCall: (call) => calls.push(call),
        ...caller,
      });
      return { ...open, calls };
    },
  };
}

/** A caller of an issuer, with a token. */
export function callerWith(token: string, issuer: string, changes: Partial<Principal> = {}) {
  const caller = principal({ issuer, ...changes });
  return { principal: caller, subject: holdSubjectToken(token, issuer) };
}

/** The words of a configuration for a client of the test's authorization server. */
export function clientOf(kind: "client_credentials" | "token_exchange", tokenUrl: string) {
  return { kind, tokenUrl, ...UPSTREAM_CLIENT };
}

/** What an upstream's refusal looks like to a handler, as `code reason`. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    const { code, reason } = error as { code?: string; reason?: string };
    return `${code} ${reason}`;
  }
}
