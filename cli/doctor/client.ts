/** Sends one request over a connection of its own, byte for byte: fetch() and node:http would put it right. */

import { Buffer } from "node:buffer";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";
import { AppError } from "../../errors.ts";
import { NO_ANSWER } from "../command.ts";
import { readAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";

export type Header = readonly [name: string, value: string];

export interface WireRequest {
  /** Where to connect to, and whether with TLS. */
  readonly url: URL;
  readonly method: string;
  /** The request target, written as it is. */
  readonly target: string;
  /** The Host header as it is; null sends none. */
  readonly host: string | null;
  readonly headers: readonly Header[];
  readonly body?: string;
  /** Replaces the true length of the body in Content-Length. */
  readonly declaredLength?: number;
  /** The answer is read up to the end of its headers. */
  readonly headOnly?: boolean;
  /** Refuses a certificate that is not valid before a byte is sent. */
  readonly verified: boolean;
}

export interface ClientOptions {
  readonly timeoutMs: number;
  /** Certificates of authorities, PEM, instead of those that the runtime trusts. */
  readonly ca?: string;
}

/** What a TLS handshake came to. */
export interface Handshake {
  /** Such as `TLSv1.3`; undefined where the runtime does not tell. */
  readonly protocol: string | undefined;
  /** Why the certificate is not valid; undefined where it is. */
  readonly certificateFault: string | undefined;
}

export interface Exchanged {
  readonly answer: Answer;
  readonly handshake: Handshake | undefined;
}

/** What stands in the way of an answer; the `reason` of an `unavailable` is NO_ANSWER and the cause is one of these. */
export type Silence = "connect" | "closed" | "timeout" | "not_http";

const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Sends the request and reads the answer; a redirect is an answer like any other.
 *
 * @throws {AppError} `unavailable`, with a `Silence` as its cause, where no answer comes.
 */
export function exchange(request: WireRequest, options: ClientOptions): Promise<Exchanged> {
  const { url } = request;
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const socket = open(request, options);
    let received = "";
    let handshake: Handshake | undefined;
    let connected = false;
    const fail = (silence: Silence, message: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(silent(silence, message));
    };
    const finish = (answer: Answer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answer, handshake });
    };
    const look = (closed: boolean): boolean => {
      const reading = readAnswer(received, { closed, headOnly: request.headOnly ?? false });
      if (reading.state === "alien" && received !== "") {
        fail("not_http", `What answers at ${url.host} does not speak HTTP/1.1`);
      } else if (reading.state === "done") finish(reading.answer);
      else if (reading.state === "waiting" && reading.partial && tooLong()) finish(reading.partial);
      else return false;
      return true;
    };
    const tooLong = () => received.length > MAX_ANSWER_BYTES;
    const timer = setTimeout(() => {
      const reading = readAnswer(received, { closed: false, headOnly: false });
      if (reading.state === "waiting" && reading.partial) return finish(reading.partial);
      const what = connected ? `No answer from ${url.host}` : `No connection to ${url.host}`;
      fail(connected ? "timeout" : "connect", `${what} within ${options.timeoutMs / 1000} s`);
    }, options.timeoutMs);
    socket.once(secure ? "secureConnect" : "connect", () => {
      connected = true;
      if (secure) handshake = handshakeOf(socket as TLSSocket);
      socket.write(bytesOf(request));
    });
    socket.on("data", (chunk: Uint8Array) => {
      received += Buffer.from(chunk).toString("latin1");
      look(false);
    });
    // A server that refuses early resets what it has not read; the answer may have come all the same.
    socket.on("error", (error: Error & { code?: string }) => {
      if (connected) return;
      fail("connect", connectFault(url, error));
    });
    socket.on("close", () => {
      if (look(true)) return;
      fail("closed", `${url.host} closed the connection without an answer`);
    });
  });
}

function open({ url, verified }: WireRequest, { ca }: ClientOptions): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  if (url.protocol !== "https:") return connect({ host, port, noDelay: true });
  const isName = /[a-z]/i.test(host) && !host.includes(":");
  return connectTls({
    host,
    port,
    ...(isName ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: verified,
    ALPNProtocols: ["http/1.1"],
  });
}

function handshakeOf(socket: TLSSocket): Handshake {
  const { authorized, authorizationError } = socket;
  return {
    protocol: socket.getProtocol?.() ?? undefined,
    certificateFault: authorized ? undefined : String(authorizationError ?? "not valid"),
  };
}

function bytesOf(request: WireRequest): Uint8Array {
  const { method, target, host, headers, body, declaredLength } = request;
  const bytes = Buffer.from(body ?? "", "utf8");
  const length = declaredLength ?? (body === undefined ? undefined : bytes.length);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(host === null ? [] : [`host: ${host}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "connection: close",
    ...(length === undefined ? [] : [`content-length: ${length}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

function connectFault(url: URL, { code = "", message }: Error & { code?: string }): string {
  if (/ENOTFOUND|EAI_/.test(code)) return `There is no host named ${url.hostname}`;
  if (code === "ECONNREFUSED") return `Nothing listens on ${url.host}; is the server running?`;
  const secure = url.protocol === "https:";
  return `${secure ? "No TLS connection" : "No connection"} to ${url.host}: ${code || message}`;
}

function silent(silence: Silence, message: string): AppError {
  return new AppError("unavailable", message, { reason: NO_ANSWER, cause: silence });
}
