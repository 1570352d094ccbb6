/** H-J and H-I over raw HTTP: requests to the embedded authorization server that fetch() would not send. */

import { Buffer } from "node:buffer";
import type { Draft } from "./draft.ts";

/** A machine client with a secret, and where its server is. */
export interface ServerBench {
  readonly host: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** A registered public client. */
  readonly publicClientId: string;
}

/** The status with the OAuth error of the body; `""` for a body without one. */
export type ServerAnswer = readonly [status: number, error: string];

export interface ServerCase {
  readonly id: string;
  readonly name: string;
  readonly expect: ServerAnswer;
  readonly request: (bench: ServerBench) => Draft;
}

const FORM = "Content-Type: application/x-www-form-urlencoded";
const GRANT = "grant_type=client_credentials";
const INVALID_CLIENT: ServerAnswer = [401, "invalid_client"];
const MALFORMED: ServerAnswer = [400, "invalid_request"];

export function basic(id: string, secret: string): string {
  return `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

/** A token request; without `headers` authenticated as it should be. */
function token(
  id: string,
  name: string,
  expect: ServerAnswer,
  change: {
    readonly line?: string;
    readonly headers?: (bench: ServerBench, authorization: string) => readonly string[];
    readonly body?: string | ((bench: ServerBench) => string);
  },
): ServerCase {
  const { line = "POST /token", headers, body = GRANT } = change;
  return {
    id,
    name,
    expect,
    request(bench) {
      const authorization = basic(bench.clientId, bench.clientSecret);
      return {
        line: `${line} HTTP/1.1`,
        headers: [
          `Host: ${bench.host}`,
          ...headers?.(bench, authorization) ?? [FORM, authorization],
        ],
        body: typeof body === "string" ? body : body(bench),
      };
    },
  };
}

/** A token request with another Authorization header, or with several. */
function credentials(
  name: string,
  expect: ServerAnswer,
  lines: (bench: ServerBench, authorization: string) => readonly string[],
  body: string | ((bench: ServerBench) => string) = GRANT,
): ServerCase {
  const headers = (bench: ServerBench, authorization: string) => [
    FORM,
    ...lines(bench, authorization),
  ];
  return token("H236", name, expect, { headers, body });
}

const typed = (type: string) => (_: ServerBench, authorization: string) => [
  ...(type === "" ? [] : [`Content-Type: ${type}`]),
  authorization,
];

const REQUESTS: readonly ServerCase[] = [
  token("H235", "a valid request", [200, ""], {}),
  token("H235", "multipart/form-data", MALFORMED, {
    headers: typed("multipart/form-data; boundary=x"),
    body:
      `--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--`,
  }),
  token("H235", "text/plain", MALFORMED, { headers: typed("text/plain") }),
  token("H235", "no content type", MALFORMED, { headers: typed("") }),
  token("H235", "client_id twice", MALFORMED, {
    headers: () => [FORM],
    body: ({ clientId, clientSecret }) =>
      `${GRANT}&client_id=${clientId}&client_id=x&client_secret=${clientSecret}`,
  }),
  token("H235", "scope twice", MALFORMED, { body: `${GRANT}&scope=env:read&scope=env:write` }),
  token("H235", "a megabyte", MALFORMED, { body: `${GRANT}&x=${"a".repeat(1 << 20)}` }),
  token("H235", "20 000 parameters", MALFORMED, { body: GRANT + "&a=b".repeat(20_000) }),
  token("H235", "an empty body", MALFORMED, { body: "" }),
  token("H235", "PUT", [405, "invalid_request"], { line: "PUT /token" }),
  token("H235", "TRACE", [405, "invalid_request"], { line: "TRACE /token", body: "" }),
  token("H235", "a second path in the way", [404, "not_found"], {
    line: "POST /register/../token",
  }),
  token("H235", "names of Object.prototype", [200, ""], {
    body: `__proto__=x&constructor=y&__proto__[client_id]=z&${GRANT}`,
  }),
  token("H238", "a NUL in scope", [400, "invalid_scope"], { body: `${GRANT}&scope=env:read%00` }),
  token("H238", "scope that is not UTF-8", [400, "invalid_scope"], { body: `${GRANT}&scope=%ff` }),
  ...[
    ...["__proto__", "constructor", "toString", "CLIENT_CREDENTIALS", "client_credentials%00"],
    ...["urn:ietf:params:oauth:grant-type:token-exchange", "+client_credentials"],
    ...["urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba"],
  ].map((grant) =>
    token("H237", grant, [400, "unsupported_grant_type"], { body: `grant_type=${grant}` })
  ),
  token("H237", "no grant type", MALFORMED, { body: "grant_type=" }),
];

const CREDENTIALS: readonly ServerCase[] = [
  credentials("a colon in the secret", INVALID_CLIENT, ({ clientId }) => [basic(clientId, "a:b")]),
  credentials("a per cent sign", INVALID_CLIENT, ({ clientId }) => [basic(clientId, "100%zz")]),
  credentials("a NUL in the id", INVALID_CLIENT, (bench) => [
    basic(`${bench.clientId}\0`, bench.clientSecret),
  ]),
  credentials("a space before the id", INVALID_CLIENT, (bench) => [
    basic(` ${bench.clientId}`, bench.clientSecret),
  ]),
  credentials("letters beyond ASCII", INVALID_CLIENT, ({ clientId }) => [basic(clientId, "é")]),
  credentials("the id in upper case", INVALID_CLIENT, (bench) => [
    basic(bench.clientId.toUpperCase(), bench.clientSecret),
  ]),
  credentials("no secret", INVALID_CLIENT, ({ clientId }) => [basic(clientId, "")]),
  credentials("no id", INVALID_CLIENT, ({ clientSecret }) => [basic("", clientSecret)]),
  credentials("an id of Object.prototype", INVALID_CLIENT, () => [basic("__proto__", "x")]),
  credentials("a secret of 8 KB", INVALID_CLIENT, ({ clientId }) => [
    basic(clientId, "a".repeat(6000)),
  ]),
  credentials("no Base64", INVALID_CLIENT, () => ["Authorization: Basic !!!!"]),
  credentials("Basic alone", INVALID_CLIENT, () => ["Authorization: Basic"]),
  credentials("another scheme", INVALID_CLIENT, () => ["Authorization: Bearer x"]),
  credentials("nothing", INVALID_CLIENT, () => []),
  credentials(
    "a public client as another",
    INVALID_CLIENT,
    () => [],
    ({ clientId }) => `${GRANT}&client_id=${clientId}`,
  ),
  credentials(
    "an unreadable assertion",
    INVALID_CLIENT,
    () => [],
    () =>
      `${GRANT}&client_assertion=x&client_assertion_type=${
        encodeURIComponent("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
      }`,
  ),
  // RFC 6749 section 5.2: more than one mechanism is an invalid request.
  credentials("two headers, the first one good", MALFORMED, (_, good) => [
    good,
    "Authorization: Basic eDp5",
  ]),
  credentials("two headers, the second one good", MALFORMED, (_, good) => [
    "Authorization: Basic eDp5",
    good,
  ]),
  credentials("another id in the body", MALFORMED, (_, good) => [good], `${GRANT}&client_id=x`),
  credentials(
    "a secret in the body too",
    MALFORMED,
    (_, good) => [good],
    ({ clientSecret }) => `${GRANT}&client_secret=${clientSecret}`,
  ),
];

function revocation(
  id: string,
  name: string,
  expect: ServerAnswer,
  body: string,
  headers?: (bench: ServerBench) => readonly string[],
): ServerCase {
  return token(id, name, expect, {
    line: "POST /oauth/revoke",
    body,
    ...(headers ? { headers: (bench) => [FORM, ...headers(bench)] } : {}),
  });
}

const REVOCATIONS: readonly ServerCase[] = [
  revocation("H220", "garbage", [200, ""], "token=garbage"),
  revocation("H220", "an unknown hint", [200, ""], "token=garbage&token_type_hint=x"),
  revocation("H220", "a wrong hint", [200, ""], "token=garbage&token_type_hint=refresh_token"),
  revocation("H220", "10 KB", [200, ""], `token=${"a".repeat(10_000)}`),
  revocation("H220", "letters beyond ASCII", [200, ""], "token=%F0%9F%97%9D%00"),
  revocation("H220", "no token", MALFORMED, ""),
  revocation("H220", "two tokens", MALFORMED, "token=a&token=b"),
  revocation("H221", "nobody", INVALID_CLIENT, "token=garbage", () => []),
  revocation("H221", "a wrong secret", INVALID_CLIENT, "token=garbage", ({ clientId }) => [
    basic(clientId, "wrong"),
  ]),
  revocation("H221", "an unreadable header", INVALID_CLIENT, "token=garbage", () => [
    "Authorization: Basic !!!!",
  ]),
  revocation("H221", "an unknown public client", INVALID_CLIENT, "token=x&client_id=y", () => []),
];

/** Requests to the token and revocation endpoints. */
export const SERVER_CASES: readonly ServerCase[] = [...REQUESTS, ...CREDENTIALS, ...REVOCATIONS];
