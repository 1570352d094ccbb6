/** Which addresses another server may have: the public internet, or a private network where the operator says so. */

import { lookup } from "node:dns";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** `reserved` is what no server of anybody has: link-local with its metadata services, multicast, mapped, translated, unassigned. */
export type AddressKind = "public" | "private" | "reserved";

/** Ranges of ipaddr.js where a server of one's own may be. */
const PRIVATE: ReadonlySet<string> = new Set([
  "loopback",
  "private",
  "carrierGradeNat",
  "uniqueLocal",
]);
/** IPv6 has one block of global unicast addresses; ipaddr.js calls whatever has no name unicast. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

/** Tells the kind of an IP address in its plain spelling, as a resolver gives it; anything else is reserved. */
export function addressKind(address: string): AddressKind {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return kindOf(ipaddr.IPv4.parse(address).range());
  }
  if (address.includes("%") || !ipaddr.IPv6.isValid(address)) return "reserved";
  const parsed = ipaddr.IPv6.parse(address);
  const kind = kindOf(parsed.range());
  return kind === "public" && !parsed.match(GLOBAL_UNICAST) ? "reserved" : kind;
}

function kindOf(range: string): AddressKind {
  if (range === "unicast") return "public";
  return PRIVATE.has(range) ? "private" : "reserved";
}

/** Whether an IP address, as a resolver gives it, is on the public internet. */
export function isPublicAddress(address: string): boolean {
  return addressKind(address) === "public";
}

/** All addresses of a host name; the port is for runtimes that allow names with their ports alone. */
export type Resolve = (hostname: string, port: number) => Promise<readonly string[]>;

/** Asks the resolver of the machine. */
export const resolveAll: Resolve = (hostname, port) =>
  new Promise((resolve, reject) => {
    lookup(hostname, { all: true, port } as { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses.map(({ address }) => address));
    });
  });

/** The host of a URL without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/**
 * Returns the address to connect to for a host name, so that a second answer of a resolver cannot lead elsewhere.
 *
 * @throws {Error} where the name has no address, or one that is not allowed.
 */
export async function checkedAddress(
  hostname: string,
  port: number,
  isAllowed: (address: string) => boolean,
  resolve: Resolve = resolveAll,
): Promise<string> {
  const addresses = isIP(hostname) === 0 ? await resolve(hostname, port) : [hostname];
  if (addresses.length === 0 || !addresses.every(isAllowed)) {
    throw new Error("the host name does not resolve to allowed addresses only");
  }
  // IPv4 first: a machine without IPv6 would fail on the other.
  return addresses.toSorted((a, b) => isIP(a) - isIP(b))[0]!;
}
