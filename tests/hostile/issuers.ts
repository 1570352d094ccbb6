/** The issuers that the server under attack trusts: good ones, and one for each way in which a key set can be bad. */

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { EVEN_MODULUS, EXPONENT_ONE, KEYS } from "./keys.ts";
import type { Jwk } from "./keys.ts";

/** Answers the n-th request for the keys of an issuer. */
export type KeyServer = (response: ServerResponse, count: number, request: IncomingMessage) => void;

export interface IssuerSetup {
  readonly name: string;
  readonly serve: KeyServer;
  /** Members of its entry in the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

const JSON_TYPE = { "content-type": "application/json" };
const { main, second, next, rsa, weak } = KEYS;

/** Publishes keys. */
function keys(...jwks: readonly unknown[]): KeyServer {
  return text(JSON.stringify({ keys: jwks }));
}

function text(body: string, headers: Readonly<Record<string, string>> = JSON_TYPE): KeyServer {
  return (response) => response.writeHead(200, headers).end(body);
}

function status(code: number, headers: Readonly<Record<string, string>> = JSON_TYPE): KeyServer {
  return (response) => response.writeHead(code, headers).end('{"error":"none today"}');
}

function changed(jwk: Jwk, changes: Jwk): Jwk {
  return Object.fromEntries(
    Object.entries({ ...jwk, ...changes }).filter(([, value]) => value !== undefined),
  );
}

const good = keys(main.jwk);
const CANARY_PATH = "/canary-of-redirects/jwks";

/** By name; `main` signs the tokens of valid requests. The names of faulty ones say what is wrong with the answer. */
export const ISSUERS: readonly IssuerSetup[] = [
  { name: "main", serve: good },
  { name: "second", serve: keys(second.jwk) },
  { name: "strict", serve: good, config: { strictAudience: true } },
  { name: "many-kids", serve: good },
  {
    name: "rotating",
    serve: (response, count, request) =>
      (count > 1 ? keys(main.jwk, next.jwk) : good)(response, count, request),
  },
  { name: "rsa", serve: keys(rsa.jwk) },

  // Keys that must not verify anything (H083, H084).
  { name: "weak-rsa", serve: keys(weak.jwk) },
  { name: "exponent-one", serve: keys(EXPONENT_ONE.jwk) },
  { name: "even-modulus", serve: keys(EVEN_MODULUS) },
  {
    name: "symmetric",
    serve: keys({
      kty: "oct",
      kid: "main-1",
      alg: "HS256",
      k: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0ISE",
    }),
  },
  {
    name: "private",
    serve: keys(
      changed(main.privateKey.export({ format: "jwk" }) as Jwk, { kid: "main-1", alg: "ES256" }),
    ),
  },
  { name: "encryption", serve: keys(changed(main.jwk, { use: "enc" })) },
  { name: "operations", serve: keys(changed(main.jwk, { use: undefined, key_ops: ["encrypt"] })) },
  { name: "other-algorithm", serve: keys(changed(main.jwk, { alg: "ES384" })) },
  { name: "equal-kids", serve: keys(main.jwk, changed(second.jwk, { kid: "main-1" })) },
  {
    name: "ten-thousand",
    serve: keys(
      ...Array.from({ length: 10_000 }, (_, index) => changed(main.jwk, { kid: `k${index}` })),
    ),
  },
  { name: "no-objects", serve: keys(null, 7, "x", [], true, {}) },
  { name: "junk-and-good", serve: keys(null, 7, {}, { kty: "EC" }, main.jwk) },
  { name: "no-keys", serve: text("{}") },
  { name: "keys-null", serve: text('{"keys":null}') },
  { name: "null", serve: text("null") },
  { name: "off-curve", serve: keys(changed(main.jwk, { x: second.jwk["x"] })) },

  // Answers that are no key set (H085, H086): not the caller's fault.
  { name: "500", serve: status(500) },
  { name: "404", serve: status(404) },
  { name: "302", serve: status(302, { location: CANARY_PATH }) },
  { name: "307", serve: status(307, { location: CANARY_PATH }) },
  { name: "html", serve: text("<html>Sign in</html>", { "content-type": "text/html" }) },
  {
    name: "wrong-type",
    serve: text(JSON.stringify({ keys: [main.jwk] }), { "content-type": "text/plain" }),
  },
  { name: "invalid-json", serve: text('{"keys":[') },
  {
    name: "not-utf8",
    serve: (response) => response.writeHead(200, JSON_TYPE).end(Buffer.from([0x7B, 0xFF])),
  },
  { name: "silent", serve: () => {} },
  {
    name: "endless",
    serve(response) {
      response.writeHead(200, JSON_TYPE).write('{"keys":[');
      const timer = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(timer));
    },
  },
  {
    name: "huge",
    serve(response) {
      response.writeHead(200, JSON_TYPE).write('{"keys":[');
      const more = () => {
        while (!response.destroyed && response.write(" ".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    },
  },
  {
    name: "gzip-bomb",
    serve: (response) =>
      response.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" })
        .end(gzipSync(Buffer.alloc(50_000_000, " "))),
  },
  { name: "hung-up", serve: (response) => response.destroy() },
  {
    name: "warm-then-500",
    serve: (response, count, request) =>
      (count === 1 ? good : status(500))(response, count, request),
  },
];
