/** H-B, second part: the claims of a JWT that is signed by the right key. */

import { Buffer } from "node:buffer";
import { numbered, token } from "./cases.ts";
import { SCOPE, seconds, validClaims } from "./context.ts";
import type { Context } from "./context.ts";
import { RawJson, toJson } from "./generators_tokens.ts";
import type { Members } from "./generators_tokens.ts";
import { KEYS } from "./keys.ts";
import type { Case, Expectation } from "./suite.ts";

type Value = (context: Context) => unknown;

/** One claim in several values; a function is asked for its value when the case runs. */
function claim(
  first: string,
  name: string,
  values: readonly unknown[],
  expect: Expectation = "401i",
): readonly Case[] {
  return numbered(first, values, (id, value) =>
    token(
      id,
      `${name} ${describe(value)}`,
      (context) =>
        context.token({
          claims: { [name]: typeof value === "function" ? (value as Value)(context) : value },
        }),
      expect,
    ));
}

function describe(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  return typeof value === "function"
    ? String(value).slice(0, 60)
    : (JSON.stringify(value) ?? "missing").slice(0, 60);
}

function claims(
  id: string,
  name: string,
  change: (context: Context) => Members,
  expect: Expectation = "401i",
): Case {
  return token(id, name, (context) => context.token({ claims: change(context) }), expect);
}

function payload(
  id: string,
  name: string,
  make: (context: Context) => string | Uint8Array,
  expect: Expectation = "401i",
): Case {
  const header = JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "main-1" });
  return token(id, name, (context) => context.compact(header, make(context)), expect);
}

const issuer = ({ target }: Context) => target.issuer("main");
const resource = ({ target }: Context) => target.resource;
const origin = ({ target }: Context) => `http://${target.host}`;
const raw = (text: string) => new RawJson(text);
const now = (offset: number) => () => seconds() + offset;

const WHO: readonly Case[] = [
  ...claim("H054", "iss", [
    "https://issuer.example",
    (context: Context) => `${issuer(context)}/`,
    (context: Context) => issuer(context).toUpperCase(),
    (context: Context) => issuer(context).replace("http:", "https:"),
    (context: Context) => issuer(context).replace("http:", "HTTP:"),
    (context: Context) => [issuer(context)],
    undefined,
    null,
    "",
    7,
    (context: Context) => issuer(context).replace("//", "//evil.example@"),
    (context: Context) => `${issuer(context)}@evil.example`,
    (context: Context) => `${issuer(context)}?x`,
    (context: Context) => `${issuer(context)}#`,
    (context: Context) => `${issuer(context)} `,
    (context: Context) => `${issuer(context)}\0`,
    (context: Context) => issuer(context).replace("main", "ma\u0456n"),
    (context: Context) => issuer(context).replace("127.0.0.1", "xn--127-0.0.1"),
    (context: Context) => issuer(context).replace("127.0.0.1", "localhost"),
    (context: Context) => issuer(context).replace("/main", "/x/../main"),
    "__proto__",
    "constructor",
  ]),
  token(
    "H055",
    "signed by a second issuer in the name of the first",
    (context) => context.token({ key: KEYS.second }),
  ),
  token(
    "H055.1",
    "signed by the first issuer in the name of the second",
    (context) => context.token({ issuer: "second" }),
  ),
  token(
    "H055.2",
    "the second issuer's key under the first one's id",
    (context) => context.token({ key: { ...KEYS.second, kid: "main-1" } }),
  ),
  token(
    "H055.3",
    "the second issuer for itself",
    (context) => context.token({ issuer: "second", key: KEYS.second }),
    "200",
  ),
  ...claim("H056", "aud", [
    undefined,
    null,
    "",
    [],
    "https://other.example/mcp",
    (context: Context) => `${resource(context)}/`,
    (context: Context) => `${resource(context)}?x`,
    (context: Context) => `${resource(context)}#f`,
    origin,
    (context: Context) => `${origin(context)}/`,
    (context: Context) => `${resource(context)}.evil.example`,
    (context: Context) => `${origin(context)}.evil.example/mcp`,
    (context: Context) => resource(context).slice(0, -1),
    (context: Context) => `x${resource(context)}`,
    (context: Context) => resource(context).replace("//", "//evil@"),
    (context: Context) => resource(context).replace("localhost", "localhost.evil.example"),
    (context: Context) => resource(context).replace("localhost", "localhost."),
    7,
    true,
    (context: Context) => ({ aud: resource(context) }),
    (context: Context) => [[resource(context)]],
    (context: Context) => [{ [resource(context)]: 1 }],
    (context: Context) => [resource(context), 7],
    (context: Context) => `${resource(context)} https://other.example`,
    (context: Context) => ` ${resource(context)}`,
    "*",
    "mcp",
    "/mcp",
    (context: Context) => resource(context).replace("http:", "https:"),
    (context: Context) => resource(context).replace("localhost", "loca\u217Chost"),
  ]),
  ...claim("H057", "aud", [
    (context: Context) => ["https://other.example", resource(context)],
    (context: Context) => [resource(context)],
  ], "200"),
  token(
    "H057.2",
    "two audiences where the issuer is strict",
    (context) =>
      context.token({
        issuer: "strict",
        claims: { aud: ["https://other.example", context.target.resource] },
      }),
  ),
  token(
    "H057.3",
    "one audience where the issuer is strict",
    (context) => context.token({ issuer: "strict" }),
    "200",
  ),
  ...claim("H058", "aud", [issuer, (context: Context) => `${issuer(context)}/token`, "client-1"]),
  ...claim("H059", "aud", [
    (context: Context) => `${origin(context)}/mcp2`,
    (context: Context) => `${origin(context)}/mcp/../mcp`,
    (context: Context) => `${origin(context)}/MCP`,
    (context: Context) => `${origin(context)}/%6dcp`,
    (context: Context) => `${origin(context)}//mcp`,
    (context: Context) => `${origin(context)}/mcp/sub`,
  ]),
  ...claim("H060", "aud", [
    (context: Context) => resource(context).replace("http:", "HTTP:"),
    (context: Context) => resource(context).replace("localhost", "LOCALHOST"),
  ], "200"),
];

const FOREVER = raw("1e999");
const TIMES: readonly Case[] = [
  ...claim("H061", "exp", [
    now(-31),
    now(-3600),
    undefined,
    "123",
    (_: Context) => String(seconds() + 60),
    null,
    true,
    -1,
    0,
    FOREVER,
    raw("-1e999"),
    2 ** 53,
    raw("1e308"),
    1.5,
    [],
    (_: Context) => [seconds() + 60],
    {},
    raw("-0"),
  ]),
  claims("H062", "ten years from iat to exp", () => ({ exp: seconds() + 315_360_000 })),
  claims("H062.1", "two days from iat to exp", () => ({ exp: seconds() + 172_800 })),
  ...claim("H063", "exp", [now(-27), now(-29)], "200"),
  ...claim("H063.2", "exp", [now(-31)]),
  ...claim("H064", "nbf", [
    now(120),
    (_: Context) => String(seconds()),
    FOREVER,
    null,
    true,
    [],
    -1,
  ]),
  ...claim("H064.7", "nbf", [now(-5), now(20)], "200"),
  ...claim("H065", "iat", [
    now(600),
    undefined,
    (_: Context) => String(seconds()),
    -1,
    FOREVER,
    null,
    [],
    raw("9007199254740993"),
  ]),
  claims("H066", "issued two days ago", () => ({ iat: seconds() - 172_800 })),
  claims("H066.1", "issued in 1970", () => ({ iat: 0 })),
];

const NAMES: readonly Case[] = [
  ...claim("H067", "jti", [undefined, 7, "", null, {}, "j".repeat(300), "j".repeat(10_240)]),
  ...claim("H068", "sub", [undefined, 7, "", null, {}, [], "s".repeat(300), "s".repeat(10_240)]),
  ...claim("H068.8", "sub", [
    "a\r\nSet-Cookie: x=y",
    "a\nb",
    "\u001b[31mred",
    "\0",
    "\u2028",
    "\u202Eadmin",
    "\u200B",
    '"}\n{"message":"request"',
  ], ["401i", "200"]),
  ...claim(
    "H068.16",
    "sub",
    ["' OR 1=1--", "__proto__", "constructor", '"}', "李 🗝", "<script>"],
    "200",
  ),
  ...claim("H069", "client_id", [undefined, 7, "", null, ["client-1"], "c".repeat(300), "a\r\nb"]),
  claims("H069.7", "azp that contradicts client_id", () => ({ azp: "client-2" })),
  claims("H069.8", "azp that agrees with client_id", () => ({ azp: "client-1" }), "200"),
  {
    ...token(
      "H070",
      "a user whose sub is a client's id is a user all the same",
      (context) => context.token({ claims: { sub: "client-2" } }),
      "200",
    ),
    verify: ({ answers }) =>
      answers[0]?.record?.subject === "client-2" ? undefined : "another subject",
  },
  ...["evil first", "evil last"].map((name, index) =>
    payload(`H071${index ? `.${index}` : ""}`, `aud twice, ${name}`, ({ target }) => {
      const { aud, ...rest } = validClaims(target);
      const twice = [`"aud":"https://evil.example"`, `"aud":${JSON.stringify(aud)}`];
      if (index === 1) twice.reverse();
      return `{${twice.join(",")},${JSON.stringify(rest).slice(1)}`;
      // RFC 7519 section 4 lets a parser take the last one.
    }, index === 0 ? ["401i", "200"] : "401i")
  ),
  ...numbered(
    "H072",
    ['"str"', "[]", "1", "null", "true", "", "{", "{}", "[1]", " ", "undefined"],
    (id, text) => payload(id, `the payload ${text}`, () => text),
  ),
  payload("H072.11", "invalid UTF-8", (context) => {
    const bytes = Buffer.from(
      JSON.stringify(validClaims(context.target)).replace("user-1", "user-#"),
    );
    bytes[bytes.indexOf("#")] = 0xFF;
    return bytes;
  }),
  payload(
    "H072.12",
    "a byte order mark",
    ({ target }) => `\uFEFF${JSON.stringify(validClaims(target))}`,
    ["401i", "200"],
  ),
  payload(
    "H072.13",
    "3 000 levels deep",
    ({ target }) => toJson({ ...validClaims(target), x: raw("[".repeat(2500) + "]".repeat(2500)) }),
    ["401i", "200"],
  ),
  payload(
    "H072.14",
    "trailing comma",
    ({ target }) => JSON.stringify(validClaims(target)).replace(/}$/, ",}"),
  ),
];

const SCOPES: readonly Case[] = [
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
const OTHER_TOKENS: readonly Case[] = [
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

export const JWT_CLAIMS: readonly Case[] = [...WHO, ...TIMES, ...NAMES, ...SCOPES, ...OTHER_TOKENS];
