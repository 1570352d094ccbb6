/** H-B: the scopes of a JWT, what binds it, and tokens that are no access tokens. */

import { numbered, token } from "./cases.ts";
import { SCOPE, seconds } from "./context.ts";
import type { Context } from "./context.ts";
import { KEYS } from "./keys.ts";
import type { Case } from "./suite.ts";
import { claim, claims, raw } from "./tokens.ts";

export const SCOPES: readonly Case[] = [
  claims(
    "H073",
    "__proto__ with a scope",
    () => ({ scope: "org:read", ["__proto__"]: raw('{"scope":"env:read"}') }),
    ["403s", "401i"],
  ),
  claims(
    "H073.1",
    "__proto__ with a scope and none else",
    () => ({ scope: undefined, ["__proto__"]: raw('{"scope":"env:read"}') }),
    ["403s", "401i"],
  ),
  claims("H073.2", "constructor", () => ({ scope: "org:read", constructor: { scope: SCOPE } }), [
    "403s",
    "401i",
  ]),
  ...claim("H074", "scope", [["env:read"], 7, null, { "env:read": true }, true, [["env:read"]]]),
  ...claim("H075", "scope", [
    "org:read\u00A0env:read",
    "org:read\tenv:read",
    "org:read\nenv:read",
    "org:read,env:read",
    "org:read+env:read",
    "ENV:READ",
    "env:readx",
    "xenv:read",
    "env:rea",
    "*",
    "env:*",
    "*:read",
    "env",
    "env:",
    "env:read:x",
    "env:read\u200B",
    "\u200Benv:read",
    "\uFEFFenv:read",
    "env\u003a\u200Dread",
    '"env:read"',
    "env:read;",
    "%65nv:read",
    "admin root superuser",
    "__proto__",
    "constructor toString hasOwnProperty",
    "",
    " ",
    "\u0435nv:read",
  ], "403s"),
  ...claim("H075.28", "scope", [
    "  env:read",
    "org:read  env:read",
    "env:read ",
    "env:read env:read",
    "env:write",
  ], "200"),
  ...["scp", "permissions", "roles", "scopes", "authorities", "groups", "realm_access"].map((
    name,
    index,
  ) =>
    claims(
      `H076${index ? `.${index}` : ""}`,
      `${name} beside scope`,
      () => ({ scope: "org:read", [name]: ["env:read", "env:write"] }),
      "403s",
    )
  ),
  claims("H076.7", "scp without scope", () => ({ scope: undefined, scp: ["env:read"] }), [
    "403s",
    "401i",
  ]),
  claims("H076.8", "scp as text without scope", () => ({ scope: undefined, scp: "env:read" }), [
    "403s",
    "401i",
  ]),
];

const JKT = { jkt: "A".repeat(43) };

const issuer = ({ target }: Context) => target.issuer("main");

const resource = ({ target }: Context) => target.resource;

export const OTHER_TOKENS: readonly Case[] = [
  ...claim("H077", "cnf", [JKT]),
  ...claim("H078", "cnf", [
    {},
    { x: 1 },
    { ...JKT, x: 1 },
    { "x5t#S256": "A".repeat(43) },
    "jkt",
    null,
    [],
    { jkt: 7 },
    { jwk: KEYS.main.jwk },
    { kid: "main-1" },
  ]),
  token(
    "H079",
    "an ID token",
    (context) =>
      context.token({
        header: { typ: "JWT" },
        claims: {
          aud: "client-1",
          nonce: "n",
          scope: undefined,
          jti: undefined,
          client_id: undefined,
        },
      }),
  ),
  claims(
    "H079.1",
    "an ID token with the type of an access token",
    () => ({ nonce: "n", at_hash: "x" }),
  ),
  ...numbered("H079.2", [
    "v1.MRrtk3lbM5Vw8gKzrefresh",
    "SplxlOBeZQQYbYS6WxSbIA",
    "8xLOxBtZp8",
    "gho_16C7e42F292c6912E7710c838347Ae178B4a",
  ], (id, text) => token(id, `an opaque token ${text.slice(0, 6)}`, () => text)),
  token(
    "H079.6",
    "a client assertion",
    (context) =>
      context.token({
        header: { typ: "JWT" },
        claims: {
          iss: "client-1",
          sub: "client-1",
          aud: `${issuer(context)}/token`,
          scope: undefined,
        },
      }),
  ),
  token("H079.7", "a DPoP proof", (context) =>
    context.compact(
      JSON.stringify({
        alg: "ES256",
        typ: "dpop+jwt",
        jwk: KEYS.main.publicKey.export({ format: "jwk" }),
      }),
      JSON.stringify({ htm: "POST", htu: resource(context), iat: seconds(), jti: "p-1" }),
    )),
  token("H079.8", "an ID-JAG", (context) => context.token({ header: { typ: "oauth-id-jag+jwt" } })),
  token(
    "H079.9",
    "a logout token",
    (context) =>
      context.token({
        claims: { events: { "http://schemas.openid.net/event/backchannel-logout": {} } },
      }),
  ),
  claims(
    "H080",
    "the embedded issuer of a development server",
    () => ({ iss: "http://localhost:8001" }),
  ),
  token(
    "H080.1",
    "an issuer that nobody trusts, with a key of its own",
    (context) => context.token({ key: KEYS.attacker, claims: { iss: "https://attacker.example" } }),
  ),
];
