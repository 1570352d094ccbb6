/** Cases that differ in their token: another header, signature, spelling or claim. */

import { numbered, token } from "./cases.ts";
import { validClaims } from "./context.ts";
import type { Context } from "./context.ts";
import { RawJson } from "./generators_tokens.ts";
import type { Members } from "./generators_tokens.ts";
import type { Case, Expectation } from "./suite.ts";

export const claimsText = ({ target }: Context) => JSON.stringify(validClaims(target));

export const headerText = (changes: Members = {}) =>
  JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "main-1", ...changes });

/** A valid token with another header, signed with the right key. */
export function withHeader(
  id: string,
  name: string,
  header: Members,
  expect: Case["expect"] = "401i",
): Case {
  return token(id, name, (context) => context.token({ header }), expect);
}

/** A valid token signed in another way. */
export function signed(
  id: string,
  name: string,
  signature: (input: string) => string,
  header: Members = {},
  expect: Case["expect"] = "401i",
): Case {
  return token(
    id,
    name,
    (context) => context.compact(headerText(header), claimsText(context), signature),
    expect,
  );
}

/** A valid token whose text is changed. */
export function respelled(
  id: string,
  name: string,
  change: (parts: [string, string, string], context: Context) => string,
  expect: Case["expect"] = "401i",
): Case {
  return token(
    id,
    name,
    (context) => change(context.token().split(".") as [string, string, string], context),
    expect,
  );
}

/** The same bytes in base64url with unused bits set. */
export function nudged(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(segment.at(-1)!);
  return segment.slice(0, -1) + alphabet[last | 1];
}

type Value = (context: Context) => unknown;

/** One claim in several values; a function is asked for its value when the case runs. */
export function claim(
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

export function claims(
  id: string,
  name: string,
  change: (context: Context) => Members,
  expect: Expectation = "401i",
): Case {
  return token(id, name, (context) => context.token({ claims: change(context) }), expect);
}

export function payload(
  id: string,
  name: string,
  make: (context: Context) => string | Uint8Array,
  expect: Expectation = "401i",
): Case {
  const header = JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "main-1" });
  return token(id, name, (context) => context.compact(header, make(context)), expect);
}

export const raw = (text: string) => new RawJson(text);
