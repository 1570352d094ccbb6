/** One upstream as the configuration describes it: base URL, credential, bounds; sends a request and tries again where that is safe. */

import { AppError } from "../errors.ts";
import type { ClientTracing } from "../telemetry/trace.ts";
import type { Caller, Credential } from "./credentials.ts";
import { upstreamFailure } from "./failures.ts";
import { prepare, shownHeaders } from "./request.ts";
import type { PreparedRequest, UpstreamInit } from "./request.ts";
import { targetOf } from "./target.ts";
import { isTransportFault } from "./transport.ts";
import type { Bounds, Received, Transport } from "./transport.ts";

export interface BoundUpstream {
  readonly name: string;
  /** Throws an `AppError` without a word of the other server. */
  send(pathOrUrl: string, init: UpstreamInit, caller: Caller): Promise<Response>;
}

export interface BoundOptions {
  readonly name: string;
  readonly baseUrl: URL;
  readonly credential: Credential;
  readonly bounds: Pick<Bounds, "allowPrivate" | "timeoutMs" | "maxBytes">;
  readonly transport: Transport;
  /** Absent where nobody takes spans. */
  readonly trace?: ClientTracing | undefined;
  readonly warn: (properties: Record<string, unknown>) => void;
}

const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 2_000;
/** Statuses whose answer cannot have a body, as the Fetch standard has it. */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export function bindUpstream(options: BoundOptions): BoundUpstream {
  const { name, baseUrl, credential, transport, trace, warn } = options;
  const port = Number(baseUrl.port) || (baseUrl.protocol === "https:" ? 443 : 80);
  const server = { address: baseUrl.hostname, port };

  /** Once, and once more with another token where the first is refused: a 401 says that nothing was done. */
  async function sendWithToken(
    url: URL,
    request: PreparedRequest,
    caller: Caller,
  ): Promise<Received> {
    const token = await credential.token(caller);
    const received = await dispatch(url, request, caller, token);
    if (received.status !== 401 || token === undefined) return received;
    credential.refused(caller, token);
    return await dispatch(url, request, caller, await credential.token(caller));
  }

  async function dispatch(
    url: URL,
    { method, headers, body }: PreparedRequest,
    { signal, requestId }: Caller,
    token: string | undefined,
  ): Promise<Received> {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const work = (context: Readonly<Record<string, string>>) =>
      transport(
        { url, method, headers: { ...headers, ...context, ...authorization }, body },
        { ...options.bounds, signal },
      );
    try {
      return await (trace ? trace({ peer: name, method, server }, work, faultName) : work({}));
    } catch (error) {
      if (!isTransportFault(error)) throw error;
      if (error.fault !== "upstream_aborted") {
        const { fault, cause } = error;
        warn({ step: "request", fault, error: messageOf(cause), request_id: requestId });
      }
      throw upstreamFailure(name, error.fault);
    }
  }

  return {
    name,
    async send(pathOrUrl, init, caller) {
      const url = targetOf(name, baseUrl, pathOrUrl);
      const request = prepare(name, init);
      const signal = init.signal ? AbortSignal.any([init.signal, caller.signal]) : caller.signal;
      const bounded = { ...caller, signal };
      for (let attempt = 0;; attempt += 1) {
        const isLast = attempt >= request.retries;
        try {
          const received = await sendWithToken(url, request, bounded);
          const asked = retryAfterOf(received);
          const isTooLong = asked !== undefined && asked > MAX_WAIT_MS;
          if (isLast || isTooLong || !BUSY.has(received.status)) return responseOf(received);
          await wait(name, attempt, asked, signal);
        } catch (error) {
          if (isLast || !isPassing(error)) throw error;
          await wait(name, attempt, undefined, signal);
        }
      }
    },
  };
}

function faultName(error: unknown): string {
  return isTransportFault(error) ? error.fault : "internal";
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : "";
}

/** Whether another try may end better. */
function isPassing(error: unknown): boolean {
  return error instanceof AppError &&
    (error.reason === "upstream_unreachable" || error.reason === "upstream_broken");
}

function responseOf({ status, headers, body }: Received): Response {
  if (status < 200 || status > 599) return new Response(null, { status: 502 });
  return new Response(NULL_BODY.has(status) ? null : body, {
    status,
    headers: shownHeaders(headers),
  });
}

/** Milliseconds; a date is not believed, as nobody's clock has to agree with ours. */
function retryAfterOf({ headers }: Received): number | undefined {
  const value = headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1] ?? "";
  return /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

function wait(
  name: string,
  attempt: number,
  asked: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const backOff = FIRST_WAIT_MS * 2 ** attempt * (0.5 + Math.random() / 2);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    clearTimeout(timer);
    reject(upstreamFailure(name, "upstream_aborted"));
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", onAbort);
    resolve();
  }, asked ?? backOff);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}
