/** Calls to other servers, as tools make them: `context.upstream(name)`, bound to one configured host and to one call. */

import { AppError } from "../errors.ts";
import type { Caller } from "./credentials.ts";
import { upstreamFailure } from "./failures.ts";
import type { UpstreamInit } from "./request.ts";
import type { BoundUpstream } from "./bound.ts";

export type { UpstreamInit } from "./request.ts";

/** One upstream in the hands of a handler. */
export interface Upstream {
  /**
   * Sends a request below the upstream's base URL with the server's own credential, and returns the whole answer.
   *
   * Any status is an answer, redirects included, which are not followed.
   *
   * @throws {AppError} `unavailable`, `timeout`, `forbidden` or `invalid_input`, to be passed on as it is.
   */
  fetch(pathOrUrl: string, init?: UpstreamInit): Promise<Response>;
  /**
   * Does the same and returns the answer's JSON.
   *
   * @throws {AppError} as `fetch` does; besides `not_found` for 404 and 410, `unavailable` for every other status than 2xx
   * and for what is no JSON.
   */
  json(pathOrUrl: string, init?: UpstreamInit): Promise<unknown>;
}

/** What the record of a call says of one request to an upstream: no path, no query, no body. */
export interface UpstreamCall {
  readonly name: string;
  /** Absent where there was no answer. */
  readonly status?: number;
  /** Absent where there was one. */
  readonly reason?: string;
  readonly ms: number;
}

export interface UpstreamSession extends Caller {
  /** The upstreams that the tool declares. */
  readonly egress: readonly string[];
  readonly onCall?: ((call: UpstreamCall) => void) | undefined;
}

/** The upstreams of one call. */
export interface OpenUpstreams {
  /** Throws `not_supported` for what is not configured, `internal` for what the tool does not declare. */
  upstream(name: string): Upstream;
  /** Ends every use; a handler that still runs gets nothing any more. */
  close(): void;
}

/** The upstreams of one configuration. */
export interface Upstreams {
  readonly names: ReadonlySet<string>;
  /** Issuers whose tokens some upstream is called with in exchange. */
  readonly subjectIssuers: ReadonlySet<string>;
  open(session: UpstreamSession): OpenUpstreams;
}

/** Builds the face that tools see. */
export function createUpstreams(
  bound: ReadonlyMap<string, BoundUpstream>,
  subjectIssuers: ReadonlySet<string> = new Set(),
): Upstreams {
  return {
    names: new Set(bound.keys()),
    subjectIssuers,
    open({ egress, onCall, ...caller }) {
      // Most tools, so that their calls cost nothing more.
      if (egress.length === 0) return NOTHING;
      const over = new AbortController();
      // Its own name for the same two ends, so that nothing of a call outlives it.
      const ended = { ...caller, signal: AbortSignal.any([caller.signal, over.signal]) };

      async function send(
        target: BoundUpstream,
        pathOrUrl: string,
        init: UpstreamInit,
      ): Promise<Response> {
        if (over.signal.aborted) throw upstreamFailure(target.name, "upstream_over");
        const startedAt = performance.now();
        const ms = () => Math.round(performance.now() - startedAt);
        try {
          const response = await target.send(pathOrUrl, init, ended);
          onCall?.({ name: target.name, status: response.status, ms: ms() });
          return response;
        } catch (error) {
          const reason = error instanceof AppError ? error.reason : "unexpected";
          onCall?.({ name: target.name, reason, ms: ms() });
          // The end of a call has words of its own: revoked, timed out, stopped.
          if (caller.signal.reason instanceof AppError) throw caller.signal.reason;
          throw error;
        }
      }

      return {
        upstream(name) {
          if (!egress.includes(name)) throw notDeclared(name);
          const target = bound.get(name);
          if (target === undefined) throw upstreamFailure(name, "upstream_not_configured");
          const fetch = (pathOrUrl: string, init: UpstreamInit = {}) =>
            send(target, pathOrUrl, init);
          return Object.freeze({
            fetch,
            json: async (pathOrUrl: string, init?: UpstreamInit) =>
              await readJson(name, await fetch(pathOrUrl, init)),
          });
        },
        close: () => over.abort(),
      };
    },
  };
}

const NOTHING: OpenUpstreams = Object.freeze({
  upstream(name: string): never {
    throw notDeclared(name);
  },
  close: () => {},
});

function notDeclared(name: string): AppError {
  return upstreamFailure(name, "upstream_not_declared", {
    cause: new Error(`A tool calls the upstream ${name} and does not declare it`),
  });
}

/** For servers without upstreams. */
export const noUpstreams: Upstreams = createUpstreams(new Map());

async function readJson(name: string, response: Response): Promise<unknown> {
  const { status, ok } = response;
  if (!ok) {
    const reason = status === 404 || status === 410 ? "upstream_not_found" : "upstream_status";
    throw upstreamFailure(name, reason, { details: { upstream: name, status } });
  }
  try {
    return await response.json();
  } catch {
    throw upstreamFailure(name, "upstream_broken");
  }
}
