/** Servers for the doctor: ours with an injected fault, and the command against any of them. */

import { freePort, startIssuer, startServer } from "../../support/server.ts";
import { gatehouse } from "../support.ts";
import type { Finished } from "../support.ts";
import type { Handler } from "../../../http/handler.ts";

/** What `--json` prints. */
export interface Printed {
  readonly pass: number;
  readonly warn: number;
  readonly fail: number;
  readonly skip: number;
  readonly requests: number;
  readonly results: readonly PrintedResult[];
}

export interface PrintedResult {
  readonly id: string;
  readonly status: "pass" | "warn" | "fail" | "skip";
  readonly seen?: string;
  readonly remedy?: string;
}

/** Answers in the place of the server, or hands on what it has changed. */
export type Change = (request: Request, next: Next) => Promise<Response> | Response;
export type Next = (request: Request) => Promise<Response>;
export type Documents = Readonly<Record<string, unknown>>;

/** Something wrong with a server. */
export interface Fault {
  readonly change?: Change;
  /** Replaces members of the authorization server's metadata; undefined leaves one out. */
  readonly issuer?: Documents;
  readonly keys?: readonly unknown[];
}

/** A fault with the finding that it has to lead to. */
export interface FaultCase extends Fault {
  readonly status: "warn" | "fail";
  /** What the finding has to say. */
  readonly seen: RegExp;
  /** Without it both tokens are given. */
  readonly tokens?: "none";
}

/** By the id of the check; some have several. */
export type Faults = Readonly<Record<string, readonly FaultCase[]>>;

export interface Target {
  readonly url: string;
  /** A token that may read everything, and one that may only read environments. */
  readonly full: string;
  readonly low: string;
  setFault(fault: Fault): void;
  stop(): Promise<void>;
}

/** Starts our own server, which trusts an issuer of the test's, behind a fault that can be changed. */
export async function startTarget(): Promise<Target> {
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  let fault: Fault = {};
  const issuer = await startIssuer(url, undefined, (origin) => ({
    "/.well-known/oauth-authorization-server": {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      jwks_uri: fault.keys ? `${origin}/bad-keys` : `${origin}/jwks`,
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "private_key_jwt"],
      token_endpoint_auth_signing_alg_values_supported: ["ES256"],
      authorization_response_iss_parameter_supported: true,
      ...fault.issuer,
    },
    ...(fault.keys ? { "/bad-keys": { keys: fault.keys } } : {}),
  }));
  const before = (handler: Handler): Handler => async (request, peer) => {
    const next = (changed: Request) => handler(changed, peer);
    return await (fault.change?.(request, next) ?? next(request));
  };
  const server = await startServer({
    env: {
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
    },
    before,
  });
  const scope = "wks:read env:read org:read";
  return {
    url,
    full: await issuer.token({ claims: { scope } }),
    low: await issuer.token({ claims: { scope: "env:read" } }),
    setFault: (changed) => (fault = changed),
    async stop() {
      await server.stop();
      await issuer.stop();
    },
  };
}

export async function withTarget(work: (target: Target) => Promise<void>): Promise<void> {
  const target = await startTarget();
  try {
    await work(target);
  } finally {
    await target.stop();
  }
}

export interface Examination {
  readonly finished: Finished;
  readonly report: Printed;
  result(id: string): PrintedResult;
}

/** Runs the doctor with `--json`; the tokens go over stdin. */
export async function examine(
  url: string,
  args: readonly string[] = [],
  tokens: readonly string[] = [],
): Promise<Examination> {
  const flags = [
    ...(tokens.length > 0 ? ["--token", "-"] : []),
    ...(tokens.length > 1 ? ["--low-token", "-"] : []),
  ];
  const finished = await gatehouse(
    ["doctor", url, "--json", ...flags, ...args],
    {},
    tokens.join("\n"),
  );
  if (finished.out === "") throw new Error(`The doctor printed nothing: ${finished.err}`);
  const report: Printed = JSON.parse(finished.out);
  return {
    finished,
    report,
    result(id) {
      const found = report.results.find((result) => result.id === id);
      if (found === undefined) throw new Error(`There is no result of ${id}`);
      return found;
    },
  };
}
