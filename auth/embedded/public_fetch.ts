/** Fetches a small document that a stranger named, from public https addresses only (draft-ietf-oauth-client-id-metadata-document, section 6). */

import { Buffer } from "node:buffer";
import type { ClientRequest } from "node:http";
import { request } from "node:https";
import { isIP } from "node:net";
import { checkedAddress, isPublicAddress } from "../addresses.ts";
import type { Resolve } from "../addresses.ts";

/** Gets the document at an https URL; a refusal rejects, a status other than 200 comes without a body. */
export type DocumentFetch = (url: string) => Promise<Response>;

export interface PublicFetchOptions {
  readonly resolve?: Resolve;
}

export interface PinnedRequest {
  readonly url: URL;
  /** Where to connect, whatever a resolver says by then. */
  readonly address: string;
  readonly port: number;
  /** A certificate authority in PEM, instead of those of the runtime. */
  readonly ca?: string;
}

const MAX_BYTES = 16 * 1024;
const TIMEOUT_MS = 2500;

/** Builds the fetch; it follows no redirect, sends no credential and reads at most 16 KiB in 2.5 seconds. */
export function createPublicFetch(options: PublicFetchOptions = {}): DocumentFetch {
  return async (text) => {
    const url = new URL(text);
    if (
      url.protocol !== "https:" || url.port !== "" || url.username !== "" || url.password !== ""
    ) {
      throw new Error("only https URLs on the standard port are fetched");
    }
    if (isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0) {
      throw new Error("an address instead of a host name is not fetched");
    }
    const address = await checkedAddress(url.hostname, 443, isPublicAddress, options.resolve);
    return await getPinned({ url, address, port: 443 });
  };
}

/** One GET to a checked address: the name is resolved once, so that a second answer cannot lead elsewhere. */
export function getPinned({ url, address, port, ca }: PinnedRequest): Promise<Response> {
  return receive(request({
    method: "GET",
    host: address,
    port,
    path: url.pathname + url.search,
    servername: url.hostname,
    headers: { host: url.host, accept: "application/json", "accept-encoding": "identity" },
    agent: false,
    ...(ca === undefined ? {} : { ca }),
  }));
}

/** Sends the request and reads its answer within the bounds; anything but 200 becomes 502 without a body. */
export function receive(outgoing: ClientRequest): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  function fail(error: Error): void {
    reject(error);
    outgoing.destroy();
  }
  const timer = setTimeout(() => fail(new Error("the document took too long")), TIMEOUT_MS);
  outgoing.on("error", fail);
  outgoing.on("close", () => {
    clearTimeout(timer);
    reject(new Error("the connection closed early"));
  });
  outgoing.on("response", (incoming) => {
    if (incoming.statusCode !== 200) {
      resolve(new Response(null, { status: 502 }));
      outgoing.destroy();
      return;
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size > MAX_BYTES) fail(new Error("the document is too large"));
      else chunks.push(chunk);
    });
    incoming.on("error", fail);
    incoming.on("end", () => {
      const headers: [string, string][] = [];
      for (const name of ["cache-control", "expires"] as const) {
        const value = incoming.headers[name];
        if (value !== undefined) headers.push([name, value]);
      }
      resolve(new Response(Buffer.concat(chunks), { status: 200, headers }));
      outgoing.destroy();
    });
  });
  outgoing.end();
  return promise;
}
