/** Signs any header and any claims, also what no library would write: the raw material of the token generators. */

import { Buffer } from "node:buffer";
import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { JWK } from "jose";

export type Signing = "right key" | "wrong key" | "unsigned";
export const SIGNINGS: readonly Signing[] = ["right key", "wrong key", "unsigned"];

/** JSON text that JSON.stringify cannot write: 1e999, a member named __proto__, a name twice. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Members = Readonly<Record<string, unknown>>;

/** What a token is made of; `undefined` leaves a member out. */
export interface TokenParts {
  readonly header?: Members;
  readonly claims?: Members;
  readonly signing?: Signing;
}

export interface ForgeOptions {
  readonly issuer: string;
  readonly audience: string;
  /** EdDSA by default, which both runtimes sign quickly. */
  readonly alg?: "ES256" | "EdDSA";
  /** Default: a random one. */
  readonly kid?: string;
  /** Where header fields such as jku lead; nobody may go there. */
  readonly foreignUrl?: string;
  /** Seconds since the epoch; tokens are good from then for five minutes. */
  readonly now: () => number;
}

/** An issuer's right key, an attacker's wrong one, and tokens of either. */
export interface Forge extends Required<ForgeOptions> {
  readonly jwks: { keys: JWK[] };
  /** The public part of the wrong key, for tokens that bring it along (CVE-2018-0114). */
  readonly attackerJwk: JWK;
  /** A token that is valid but for the given parts. */
  token(parts?: TokenParts): string;
}

export function createForge(options: ForgeOptions): Forge {
  const { alg: ours = "EdDSA", foreignUrl = "http://127.0.0.1:9/jwks", kid = crypto.randomUUID() } =
    options;
  const [right, wrong] = [keyPair(ours), keyPair(ours)];
  const published = right.publicKey.export({ format: "jwk" }) as JWK;
  return {
    ...options,
    alg: ours,
    foreignUrl,
    kid,
    jwks: { keys: [{ ...published, kid, alg: ours, use: "sig" }] },
    attackerJwk: wrong.publicKey.export({ format: "jwk" }) as JWK,
    token({ header = {}, claims = {}, signing = "right key" } = {}) {
      const time = options.now();
      const alg = signing === "unsigned" ? "none" : ours;
      const input = [
        toJson({ alg, typ: "at+jwt", kid, ...header }),
        toJson({
          iss: options.issuer,
          aud: options.audience,
          sub: "user-1",
          client_id: "client-1",
          iat: time,
          exp: time + 300,
          jti: crypto.randomUUID(),
          scope: "env:read org:read",
          ...claims,
        }),
      ].map((text) => Buffer.from(text).toString("base64url")).join(".");
      if (signing === "unsigned") return `${input}.`;
      const { privateKey } = signing === "right key" ? right : wrong;
      return `${input}.${signatureOf(input, privateKey)}`;
    },
  };
}

function keyPair(alg: "ES256" | "EdDSA") {
  return alg === "EdDSA"
    ? generateKeyPairSync("ed25519")
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function signatureOf(input: string, key: KeyObject): string {
  const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return sign(digest, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" })
    .toString("base64url");
}

/** Writes one object, raw members as they are. */
export function toJson(members: Members): string {
  const written = Object.entries(members).filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      `${JSON.stringify(name)}:${value instanceof RawJson ? value.text : JSON.stringify(value)}`
    );
  return `{${written.join(",")}}`;
}

/** A reproducible source of choices (mulberry32): the same seed, the same run. */
export function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { next, below, pick: <T>(list: readonly T[]): T => list[below(list.length)]! };
}

export type Random = ReturnType<typeof createRandom>;

/** The seed of this run: HOSTILE_SEED, or a new one; printed, so that a failure can be repeated. */
export function seedFrom(env: Readonly<Record<string, string | undefined>>): number {
  const given = Number(env["HOSTILE_SEED"]);
  return Number.isSafeInteger(given) && given > 0
    ? given
    : crypto.getRandomValues(new Uint32Array(1))[0]!;
}
