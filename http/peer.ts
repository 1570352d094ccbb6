/** Whose request it is behind proxies: the socket's address, or what a trusted proxy wrote into X-Forwarded-For. */

import ipaddr from "ipaddr.js";

/** The caller's address, from the request and the socket's address. */
export type PeerOf = (request: Request, socket: string) => string;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

/** More proxies than that are no deployment, but somebody who fills the header. */
const MAX_HOPS = 16;

/** Whether a text is a CIDR range, or one address, of proxies that can be trusted; everybody is no range of proxies. */
export function isProxyRange(text: string): boolean {
  return rangeOf(text) !== undefined;
}

/**
 * Builds the function that finds the caller behind the proxies of these ranges.
 *
 * Each proxy appends the address it was called from, so the header is read from its end, and only while the address that
 * vouches for the next entry is trusted; what a client wrote itself comes before that. At an entry that is no address
 * the last one that was is the caller.
 */
export function createPeerOf(trusted: readonly string[]): PeerOf {
  const ranges = trusted.map(rangeOf).filter((range) => range !== undefined);
  const isTrusted = (address: Address) => ranges.some((range) => holds(range, address));
  return (request, socket) => {
    let peer = parse(socket);
    if (peer === undefined) return socket;
    const forwarded = request.headers.get("x-forwarded-for") ?? "";
    let end = forwarded.length;
    for (let hop = 0; hop < MAX_HOPS && end > 0 && isTrusted(peer); hop += 1) {
      const comma = forwarded.lastIndexOf(",", end - 1);
      const entry = parse(withoutPort(forwarded.slice(comma + 1, end).trim()));
      if (entry === undefined) break;
      peer = entry;
      end = comma;
    }
    return textOf(peer);
  };
}

function rangeOf(text: string): Range | undefined {
  const [, start = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parse(start);
  if (address === undefined) return undefined;
  const bits = address.kind() === "ipv4" ? 32 : 128;
  const mapped = address.kind() === "ipv4" && start.includes(":") ? 96 : 0;
  const prefix = length === undefined ? bits : Number(length) - mapped;
  return prefix >= 1 && prefix <= bits ? [address, prefix] : undefined;
}

function holds([start, prefix]: Range, address: Address): boolean {
  return start.kind() === address.kind() &&
    (address as ipaddr.IPv4).match(start as ipaddr.IPv4, prefix);
}

/** Four decimal parts or IPv6, nothing that only some programs read as an address; mapped IPv4 is IPv4. */
function parse(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function textOf(address: Address): string {
  return address.kind() === "ipv4"
    ? address.toString()
    : (address as ipaddr.IPv6).toRFC5952String();
}

/** Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(entry) ?? [];
  return bracketed ?? plain ?? entry;
}
