/** H-A: the Authorization header, and other places where a token might be smuggled in. */

import { BY_RUNTIME } from "./cases.ts";
import { adding, chunk, replacing, withBody, withLine, without } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Context } from "./context.ts";
import type { Case, Expectation } from "./suite.ts";

/** A valid request with another Authorization header; the function gets a valid token. */
function header(
  id: string,
  name: string,
  value: (token: string, context: Context) => string | readonly string[],
  expect: Expectation,
  more: Partial<Case> = {},
): Case {
  return {
    id,
    name,
    request(context) {
      const lines = [value(context.token(), context)].flat();
      return replacing(
        context.valid(),
        "Authorization",
        ...lines.map((line) => `Authorization: ${line}`),
      );
    },
    expect,
    ...more,
  };
}

/** A valid request without its Authorization header, changed in another way. */
function bare(
  id: string,
  name: string,
  change: (draft: Draft, token: string) => Draft,
  expect: Expectation,
): Case {
  return {
    id,
    name,
    request: (context) => change(without(context.valid(), "Authorization"), context.token()),
    expect,
  };
}

function target(
  id: string,
  query: (token: string) => string,
  expect: Expectation,
  keep = true,
): Case {
  return {
    id,
    name: `${query("T")}${keep ? " and the header" : ""}`,
    request(context) {
      const draft = keep ? context.valid() : without(context.valid(), "Authorization");
      return withLine(draft, `POST /mcp?${query(context.token())} HTTP/1.1`);
    },
    expect,
  };
}

export const AUTHORIZATION: readonly Case[] = [
  bare("H001", "no header", (draft) => draft, "401b"),
  header("H002", "an empty value", () => "", "401b"),
  header("H002.1", "a value of spaces", () => "   ", "401b"),
  header("H003", "Basic", () => "Basic dXNlcjpwYXNzd29yZA==", "401b"),
  header("H004", "Bearer alone", () => "Bearer", "400a"),
  header("H004.1", "Bearer and a space", () => "Bearer ", "400a"),
  header("H005", "two spaces", (token) => `Bearer  ${token}`, "400a"),
  header("H006", "a tab", (token) => `Bearer\t${token}`, "400a"),
  header("H006.1", "a space and a tab", (token) => `Bearer \t${token}`, "400a"),
  header("H007", "junk behind the token", (token) => `Bearer ${token} junk`, "400a"),
  header("H007.1", "a tab and junk", (token) => `Bearer ${token}\tjunk`, "400a"),
  header("H008", "a comma behind the token", (token) => `Bearer ${token},`, "400a"),
  header("H009", "two headers, good and bad", (token) => [`Bearer ${token}`, "Bearer bad"], "400a"),
  header(
    "H009.1",
    "two headers, good and Basic",
    (token) => [`Bearer ${token}`, "Basic eDp5"],
    "400a",
  ),
  header("H010", "two headers, bad and good", (token) => ["Bearer bad", `Bearer ${token}`], "400a"),
  header(
    "H010.1",
    "two headers, Basic and good",
    (token) => ["Basic eDp5", `Bearer ${token}`],
    "400a",
  ),
  header("H010.2", "two headers, empty and good", (token) => ["", `Bearer ${token}`], [
    "400a",
    "401b",
  ]),
  header("H010.3", "two headers, good and empty", (token) => [`Bearer ${token}`, ""], [
    "400a",
    "401b",
  ]),
  header(
    "H011",
    "the same header twice",
    (token) => [`Bearer ${token}`, `Bearer ${token}`],
    "400a",
  ),
  header(
    "H012",
    "two tokens in a list",
    (token, { token: other }) => `Bearer ${token}, Bearer ${other()}`,
    "400a",
  ),
  header("H013", "a second scheme in a list", (token) => `Bearer ${token}, Basic eDp5`, "400a"),
  header("H013.1", "Basic first in a list", (token) => `Basic eDp5, Bearer ${token}`, "400a"),
  header("H014", "bearer", (token) => `bearer ${token}`, "200"),
  header("H014.1", "BEARER", (token) => `BEARER ${token}`, "200"),
  header("H014.2", "spaces around the value", (token) => `  Bearer ${token}  `, "200"),
  header("H015", "a quoted token", (token) => `Bearer "${token}"`, "401i"),
  header("H015.1", "a token in single quotes", (token) => `Bearer '${token}'`, "401i"),
  header("H016", "token=", (token) => `Bearer token=${token}`, "401i"),
  header("H016.1", "access_token=", (token) => `Bearer access_token=${token}`, "401i"),
  header("H017", "Token", (token) => `Token ${token}`, "401b"),
  header("H017.1", "JWT", (token) => `JWT ${token}`, "401b"),
  header("H017.2", "MAC", () => 'MAC id="h480djs93hd8", nonce="1", mac="x"', "401b"),
  header("H017.3", "Negotiate", () => "Negotiate YII=", "401b"),
  header("H017.4", "the token alone", (token) => token, "401b"),
  header("H017.5", "BearerX", (token) => `BearerX ${token}`, "401b"),
  header("H017.6", "Bearer: with a colon", (token) => `Bearer: ${token}`, ["400a", "401b"]),
  header("H018", "DPoP with an unbound token", (token) => `DPoP ${token}`, "401i"),
  target("H019", (token) => `access_token=${token}`, "400a", false),
  target("H020", (token) => `access_token=${token}`, "400a"),
  target("H020.1", () => "access_token=", "400a"),
  target("H020.2", () => "access_token", "400a"),
  target("H020.3", () => "x=1&access_token=bad&y=2", "400a"),
  target("H021", (token) => `Access_Token=${token}`, "400a"),
  target("H021.1", (token) => `access%5Ftoken=${token}`, "400a"),
  target("H021.2", (token) => `%61ccess_token=${token}`, "400a"),
  target("H021.3", (token) => `token=${token}`, "200"),
  target("H021.4", (token) => `api_key=${token}`, "200"),
  target("H021.5", (token) => `token=${token}`, "401b", false),
  target("H021.6", (token) => `api_key=${token}`, "401b", false),
  {
    id: "H022",
    name: "a form with access_token and the header",
    request: (context) =>
      withBody(
        replacing(
          context.valid(),
          "Content-Type",
          "Content-Type: application/x-www-form-urlencoded",
        ),
        `access_token=${context.token()}`,
      ),
    expect: "415",
  },
  bare(
    "H022.1",
    "a form with access_token alone",
    (draft, token) =>
      withBody(
        replacing(draft, "Content-Type", "Content-Type: application/x-www-form-urlencoded"),
        `access_token=${token}`,
      ),
    ["401b", "415"],
  ),
  {
    id: "H023",
    name: "access_token in the JSON body and the header",
    request(context) {
      const draft = context.valid();
      return withBody(
        draft,
        JSON.stringify({ ...JSON.parse(String(draft.body)), access_token: context.token() }),
      );
    },
    expect: "400r",
  },
  bare(
    "H023.1",
    "access_token in the JSON body alone",
    (draft, token) =>
      withBody(draft, JSON.stringify({ ...JSON.parse(String(draft.body)), access_token: token })),
    "401b",
  ),
  ...[
    "Cookie: access_token=T",
    "Cookie: Authorization=Bearer%20T",
    "X-Forwarded-Authorization: Bearer T",
    "Proxy-Authorization: Bearer T",
    "X-Access-Token: T",
    "X-Api-Key: T",
    "X-Original-Authorization: Bearer T",
    "Authorization-Bearer: T",
    "Sec-WebSocket-Protocol: bearer, T",
    "Mcp-Session-Id: T",
  ].map((line, index) =>
    bare(
      index === 0 ? "H024" : index === 1 ? "H024.1" : `H025${index === 2 ? "" : `.${index - 2}`}`,
      line,
      (draft, token) => adding(draft, line.replace(/T$/, () => token)),
      "401b",
    )
  ),
  {
    id: "H026",
    name: "Authorization in the trailer of a chunked body",
    request(context) {
      const draft = without(context.valid(), "Authorization");
      return withBody(
        adding(draft, "Transfer-Encoding: chunked", "Trailer: Authorization"),
        `${chunk(String(draft.body))}0\r\nAuthorization: Bearer ${context.token()}\r\n\r\n`,
      );
    },
    expect: "401b",
  },
  header("H027", "a token of 64 KiB", () => `Bearer ${"a".repeat(65_536)}`, ["401i", "431"], {
    except: BY_RUNTIME.headerOver64KiB,
  }),
  header("H027.1", "a token of 9 000 characters", () => `Bearer ${"a".repeat(9000)}`, "401i"),
  header("H028", "NUL in the token", (token) => `Bearer ${token}\0`, ["runtime:400", "401i"]),
  header("H028.1", "a byte over 0x7F", (token) => `Bearer ${token}\x80`, ["runtime:400", "401i"]),
  header("H028.2", "the byte 0xFF", (token) => `Bearer \xFF${token}`, ["runtime:400", "401i"]),
  header(
    "H028.3",
    "CR in the token",
    (token) => `Bearer ${token.slice(0, 40)}\r${token.slice(40)}`,
    [
      "runtime:400",
      "401i",
    ],
  ),
  header(
    "H028.4",
    "CR LF and a header line",
    (token) => `Bearer ${token.slice(0, 40)}\r\nX-Rest: 1`,
    "401i",
  ),
  header("H028.5", "U+2028 in UTF-8", (token) => `Bearer ${token}\xE2\x80\xA8`, [
    "runtime:400",
    "401i",
  ]),
  header(
    "H028.6",
    "LF in the token",
    (token) => `Bearer ${token.slice(0, 40)}\n${token.slice(40)}`,
    [
      "runtime:400",
      "401i",
    ],
  ),
  header("H028.7", "DEL in the token", (token) => `Bearer ${token}\x7F`, ["runtime:400", "401i"]),
  ...["...", "..", ".", ".".repeat(10_000), "a.b.c", "..x", "x..", ".x."].map((dots, index) =>
    header(
      index === 0 ? "H029" : `H029.${index}`,
      dots.length > 20 ? `${dots.length} dots` : dots,
      () => `Bearer ${dots}`,
      "401i",
    )
  ),
  ...["undefined", "null", "[object Object]", "{}", "NaN", "true", "0", "-", "===", "%20"].map((
    word,
    index,
  ) =>
    header(
      index === 0 ? "H030" : `H030.${index}`,
      word,
      () => `Bearer ${word}`,
      word.includes(" ") ? ["400a", "401i"] : "401i",
    )
  ),
];
