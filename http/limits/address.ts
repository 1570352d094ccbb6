/** Which addresses are one caller. */

/** The budget that an address draws on: a caller has a /64 of IPv6 at least, and could send each request from another part. */
export function addressKey(peer: string): string {
  const address = peer.replace(/^::ffff:(?=[0-9.]+$)/i, "");
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("::");
  const groups = before.split(":").filter((group) => group !== "");
  const rest = after?.split(":").filter((group) => group !== "") ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => "0");
  return `${[...groups, ...zeros, ...rest].slice(0, 4).join(":").toLowerCase()}::/64`;
}
