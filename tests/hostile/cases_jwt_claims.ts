/** H-B: the times and the names in a JWT. */

import { numbered, token } from "./cases.ts";
import { Buffer } from "node:buffer";
import { seconds, validClaims } from "./context.ts";
import type { Context } from "./context.ts";
import { toJson } from "./generators_tokens.ts";
import type { Case } from "./suite.ts";
import { claim, claims, payload, raw } from "./tokens.ts";

const now = (offset: number) => () => seconds() + offset;

const FOREVER = raw("1e999");

/** Waits until this second has most of itself left, so that the server's clock shows the same one. */
async function earlyInASecond(): Promise<void> {
  const past = Date.now() % 1000;
  if (past > 500) await new Promise((resume) => setTimeout(resume, 1000 - past));
}

export const TIMES: readonly Case[] = [
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
  ...claim("H063", "exp", [now(-27), now(-29)], "200")
    .map((item) => ({ ...item, prepare: earlyInASecond })),
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

export const NAMES: readonly Case[] = [
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
