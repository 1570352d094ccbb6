/** H-B: what the header of a JWT says of it, and where it wants a key to be fetched from. */

import { KEYS } from "./keys.ts";
import { BY_RUNTIME, numbered, token } from "./cases.ts";
import { written } from "./draft.ts";
import { RawJson } from "./generators_tokens.ts";
import type { Members } from "./generators_tokens.ts";
import { exchange } from "./raw.ts";
import type { Case } from "./suite.ts";
import { claimsText, withHeader } from "./tokens.ts";

const TYPES = [
  "JWT",
  "id_token+jwt",
  "dpop+jwt",
  "logout+jwt",
  "secevent+jwt",
  "oauth-id-jag+jwt",
  "token-introspection+jwt",
  "client-authentication+jwt",
  "",
  null,
  7,
  ["at+jwt"],
  "at+jwt ",
  "at+jwt;v=1",
  "x/at+jwt",
  "at+jwt,JWT",
] as const;

const ODD_KIDS: readonly unknown[] = [
  "../../../../dev/null",
  "/proc/self/environ",
  "' OR 1=1--",
  "$(id)",
  "`id`",
  "|id",
  "%00",
  "main-1\0",
  "main-1\r\nSet-Cookie: a=b",
  "\u001b[2J",
  "__proto__",
  "constructor",
  "toString",
  "K".repeat(5000),
  ["main-1"],
  { kid: "main-1" },
  7,
  true,
  null,
  "🔑",
  "\u202Emain-1",
  "\u2028",
  "MAIN-1",
  "main-1 ",
  "",
  "http://127.0.0.1/jwks",
];

export const TYPES_AND_KIDS: readonly Case[] = [
  withHeader("H045", "typ missing", { typ: undefined }),
  ...numbered("H045.1", TYPES, (id, typ) => withHeader(id, `typ ${JSON.stringify(typ)}`, { typ })),
  withHeader("H046", "typ application/at+jwt", { typ: "application/at+jwt" }, "200"),
  withHeader("H046.1", "typ AT+JWT", { typ: "AT+JWT" }, "200"),
  withHeader("H046.2", "typ Application/AT+JWT", { typ: "Application/AT+JWT" }, "200"),
  ...numbered("H047", [
    { crit: ["x"], x: 1 },
    { crit: [] },
    { crit: "b64" },
    { crit: ["b64"], b64: false },
    { crit: ["b64"], b64: true },
    { crit: ["b64", "b64"], b64: true },
    { crit: null },
    { crit: ["alg"] },
    { crit: { x: 1 } },
    { b64: false },
    { crit: ["__proto__"] },
  ], (id, header) => withHeader(id, JSON.stringify(header), header)),
  token(
    "H047.11",
    "crit twice",
    (context) =>
      context.compact(
        '{"alg":"ES256","typ":"at+jwt","kid":"main-1","crit":["x"],"crit":[]}',
        claimsText(context),
      ),
  ),
  token(
    "H047.12",
    "alg twice",
    (context) =>
      context.compact(
        '{"alg":"none","typ":"at+jwt","kid":"main-1","alg":"ES256"}',
        claimsText(context),
      ),
    ["401i", "200"],
  ),
  {
    ...withHeader("H048", "an unknown kid", { kid: "unknown" }),
    verify: (_, { target }) =>
      target.fetches("main") <= 3 ? undefined : `${target.fetches("main")} fetches`,
  },
  ...numbered(
    "H049",
    ODD_KIDS,
    (id, kid) => withHeader(id, `kid ${JSON.stringify(kid).slice(0, 40)}`, { kid }),
  ),
  {
    ...withHeader("H049.90", "a kid of 100 KB", { kid: "k".repeat(100_000) }, ["401i", "431"]),
    except: BY_RUNTIME.headerOver64KiB,
  },
  {
    id: "H050",
    name: "five hundred random kids, then a valid token",
    async prepare(context) {
      const { port } = context.target;
      for (let count = 0; count < 500; count += 1) {
        const foreign = context.token({
          issuer: "many-kids",
          header: { kid: crypto.randomUUID() },
        });
        await exchange([written(context.valid({ token: foreign }))], { port });
      }
    },
    request: (context) => context.valid({ token: context.token({ issuer: "many-kids" }) }),
    expect: "200",
    verify: (_, { target }) =>
      target.fetches("many-kids") <= 2 ? undefined : `${target.fetches("many-kids")} fetches`,
  },
];

/** Where a header may want a key to be fetched from; the server must not go there (R36). */
const elsewhere = (id: string, name: string, header: (canary: string) => Members): Case =>
  token(
    id,
    name,
    (context) => context.token({ key: KEYS.attacker, header: header(context.target.canary) }),
  );

const PLACES = (
  canary: string,
) => [canary, "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"];

export const REFERENCES: readonly Case[] = [
  ...[0, 1, 2].map((at) =>
    elsewhere(
      `H051${at ? `.${at}` : ""}`,
      `jku, place ${at + 1}`,
      (canary) => ({ jku: PLACES(canary)[at], kid: "evil" }),
    )
  ),
  elsewhere("H051.3", "jku under our key id", (canary) => ({ jku: canary })),
  ...[0, 1, 2].map((at) =>
    elsewhere(
      `H052${at ? `.${at}` : ""}`,
      `x5u, place ${at + 1}`,
      (canary) => ({ x5u: PLACES(canary)[at] }),
    )
  ),
  elsewhere("H052.3", "x5c", () => ({ x5c: ["MIIBszCCAVmgAwIBAgIUb2hvc3RpbGU="] })),
  elsewhere("H052.4", "x5t", () => ({ x5t: "AAAAAAAAAAAAAAAAAAAAAAAAAAA" })),
  elsewhere("H052.5", "x5t#S256", () => ({ "x5t#S256": "A".repeat(43) })),
  elsewhere(
    "H053",
    "an embedded jwk (CVE-2018-0114)",
    () => ({ jwk: KEYS.attacker.publicKey.export({ format: "jwk" }) }),
  ),
  elsewhere(
    "H053.1",
    "an embedded jwk without a kid",
    () => ({ kid: undefined, jwk: KEYS.attacker.publicKey.export({ format: "jwk" }) }),
  ),
  elsewhere(
    "H053.2",
    "an embedded private jwk",
    () => ({ jwk: KEYS.attacker.privateKey.export({ format: "jwk" }) }),
  ),
  elsewhere(
    "H053.3",
    "a jwk named __proto__",
    () => ({ __proto__x: 1, ["__proto__"]: new RawJson("{}") }),
  ),
];
