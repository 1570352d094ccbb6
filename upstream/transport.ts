/** Sends one request to an address that was checked, within bounds of time and size; follows nothing and keeps nothing. */

import { Buffer } from "node:buffer";
import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import { addressKind, bareHost, checkedAddress } from "../auth/addresses.ts";
import type { Resolve } from "../auth/addresses.ts";
import type { FailureReason } from "./failures.ts";

export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

export interface Bounds {
  /** Whether the host may be in a private network; what is reserved it may never be. */
  readonly allowPrivate: boolean;
  /** Milliseconds for everything, from the name to the last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Received {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Rejects with a `TransportFault`. */
export type Transport = (outgoing: Outgoing, bounds: Bounds) => Promise<Received>;

/** Why there is no answer; the cause may hold a stranger's text and is for the log alone. */
export interface TransportFault extends Error {
  readonly fault: FailureReason;
}

export interface TransportOptions {
  readonly resolve?: Resolve;
  /** A certificate authority in PEM, instead of those of the runtime. */
  readonly ca?: string;
}

export function isTransportFault(error: unknown): error is TransportFault {
  return error instanceof Error && "fault" in error;
}

function faultOf(fault: FailureReason, cause?: unknown): TransportFault {
  return Object.assign(new Error(fault, { cause }), { fault });
}

/** Builds the transport. */
export function createTransport({ resolve, ca }: TransportOptions = {}): Transport {
  return async (outgoing, bounds) => {
    const { url } = outgoing;
    const hostname = bareHost(url);
    const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
    const isAllowed = (address: string) => isAllowedAddress(address, bounds.allowPrivate);
    const deadline = performance.now() + bounds.timeoutMs;
    let address: string;
    try {
      address = await inTime(checkedAddress(hostname, port, isAllowed, resolve), bounds);
    } catch (error) {
      if (isTransportFault(error)) throw error;
      const isAnswer = error instanceof Error && !("code" in error);
      throw faultOf(isAnswer ? "upstream_address" : "upstream_unreachable", error);
    }
    const left = () => ({ ...bounds, timeoutMs: Math.max(1, deadline - performance.now()) });
    const options = {
      port,
      ...(url.protocol === "https:" && isIP(hostname) === 0 && { servername: hostname }),
      ...(ca !== undefined && { ca }),
    };
    try {
      return await receive(open(outgoing, { ...options, host: address }), outgoing, left());
    } catch (error) {
      // Permissions that name hosts do not cover their addresses; then the connection itself tells where it leads.
      const { cause } = error as Error;
      if (!(cause instanceof Error && cause.name === "NotCapable")) throw error;
      return await receive(
        open(outgoing, { ...options, host: hostname }),
        outgoing,
        left(),
        isAllowed,
      );
    }
  };
}

/** Whether a connection may lead there. */
export function isAllowedAddress(address: string, allowPrivate: boolean): boolean {
  const kind = addressKind(address);
  return kind === "public" || (allowPrivate && kind === "private");
}

function open({ url, method, headers, body }: Outgoing, options: RequestOptions): ClientRequest {
  const start = url.protocol === "https:" ? httpsRequest : httpRequest;
  return start({
    ...options,
    method,
    path: url.pathname + url.search,
    headers: {
      ...headers,
      host: url.host,
      "accept-encoding": "identity",
      ...(body ? { "content-length": String(body.byteLength) } : {}),
    },
    agent: false,
  });
}

/** Sends the request and reads its answer; with `isAllowed` not a byte leaves before the address of the connection was checked. */
function receive(
  outgoing: ClientRequest,
  { body }: Outgoing,
  { timeoutMs, maxBytes, signal }: Bounds,
  isAllowed?: (address: string) => boolean,
): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  const fail = (fault: FailureReason, cause?: unknown) => {
    reject(faultOf(fault, cause));
    outgoing.destroy();
  };
  const timer = setTimeout(() => fail("upstream_timeout"), timeoutMs);
  const onAbort = () => fail("upstream_aborted");
  outgoing.on("error", (error) => fail("upstream_unreachable", error));
  outgoing.on("close", () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    reject(faultOf("upstream_broken", new Error("the connection closed early")));
  });
  outgoing.on("response", (incoming) => {
    read(incoming, maxBytes, (received) => {
      resolve(received);
      outgoing.destroy();
    }, fail);
  });
  if (signal?.aborted) onAbort();
  else {
    signal?.addEventListener("abort", onAbort, { once: true });
    if (isAllowed === undefined) outgoing.end(body);
    else whenChecked(outgoing, isAllowed, () => outgoing.end(body), fail);
  }
  return promise;
}

function whenChecked(
  outgoing: ClientRequest,
  isAllowed: (address: string) => boolean,
  send: () => void,
  fail: (fault: FailureReason) => void,
): void {
  outgoing.on("socket", (socket: Socket) => {
    const check = () => isAllowed(socket.remoteAddress ?? "") ? send() : fail("upstream_address");
    if (socket.connecting) socket.once("connect", check);
    else check();
  });
}

/** Calls one of the two; not by a promise, as the end of the connection follows on the heels of that of the answer. */
function read(
  incoming: IncomingMessage,
  maxBytes: number,
  done: (received: Received) => void,
  fail: (fault: FailureReason, cause?: unknown) => void,
): void {
  // Nothing else was accepted, and what is packed could unfold without end.
  if ((incoming.headers["content-encoding"] ?? "identity") !== "identity") {
    return fail("upstream_broken", new Error("the answer is encoded"));
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  incoming.on("data", (chunk: Uint8Array) => {
    size += chunk.byteLength;
    if (size > maxBytes) fail("upstream_too_large");
    else chunks.push(chunk);
  });
  incoming.on("error", (error) => fail("upstream_broken", error));
  incoming.on("end", () => {
    const headers: [string, string][] = [];
    for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
      headers.push([incoming.rawHeaders[index]!, incoming.rawHeaders[index + 1]!]);
    }
    const body = new Uint8Array(Buffer.concat(chunks));
    done({ status: incoming.statusCode ?? 0, headers, body });
  });
}

/** A resolver cannot be interrupted, only left alone. */
function inTime<T>(work: Promise<T>, { timeoutMs, signal }: Bounds): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(faultOf("upstream_timeout")), timeoutMs);
    const onAbort = () => reject(faultOf("upstream_aborted"));
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    });
  });
}
