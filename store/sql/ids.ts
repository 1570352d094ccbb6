/** Ids that sort by the time they were made: a prefix, 48 bits of milliseconds and 80 random bits. */

import { randomBytes } from "node:crypto";

/** Crockford's base 32: no I, L, O or U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** `msh` is a membership and `uri` a redirect URI; these ids order lists and are never shown. `skc` is a client, `sks` a secret. */
export type IdPrefix =
  | "env"
  | "org"
  | "usr"
  | "mem"
  | "msh"
  | "rev"
  | "conn"
  | "lnk"
  | "ca"
  | "res"
  | "role"
  | "scp"
  | "skc"
  | "sks"
  | "uri";

/** Makes the next id, `PREFIX_` and 26 characters. */
export type NewId = (prefix: IdPrefix) => string;

/** Makes ids that only grow, also within one millisecond and when the clock is set back. */
export function createIds(now: () => Date, random: () => bigint = random80Bits): NewId {
  let last = 0n;
  return (prefix) => {
    const fresh = (BigInt(now().getTime()) << 80n) | random();
    last = fresh > last ? fresh : last + 1n;
    return `${prefix}_${base32(last)}`;
  };
}

function random80Bits(): bigint {
  return BigInt(`0x${randomBytes(10).toString("hex")}`);
}

function base32(value: bigint): string {
  const digits = value.toString(32).padStart(26, "0");
  return digits.replaceAll(/./g, (digit) => ALPHABET.charAt(parseInt(digit, 32)));
}
