/** Cases that differ in their JSON-RPC message. */

import { callBody, legacyDraft, META, modernDraft, withBody } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

export const VALID = callBody("list_environments", {});

export const PARAMS = VALID["params"] as Record<string, unknown>;

/** A valid message with members replaced; undefined leaves one out. The headers say what those of a valid request say. */
export function message(
  id: string,
  name: string,
  changes: Record<string, unknown>,
  expect: Expectation,
): Case {
  return sent(id, name, { ...VALID, ...changes }, expect);
}

export function params(
  id: string,
  name: string,
  changes: Record<string, unknown>,
  expect: Expectation,
): Case {
  return message(id, name, { params: { ...PARAMS, ...changes } }, expect);
}

export function meta(
  id: string,
  name: string,
  changes: Record<string, unknown>,
  expect: Expectation,
): Case {
  return params(id, name, { _meta: { ...META, ...changes } }, expect);
}

export function sent(id: string, name: string, body: unknown, expect: Expectation): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) => withBody(context.valid(), JSON.stringify(body)),
    expect,
  };
}

/** A message of 2026-07-28 whose headers agree with it. */
export function modern(
  id: string,
  method: string,
  more: Record<string, unknown>,
  expect: Expectation,
  name = method,
): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) =>
      modernDraft(context.target.host, context.token(), {
        jsonrpc: "2.0",
        id: 1,
        method,
        params: { _meta: META, ...more },
      }),
    expect,
  };
}

export function legacy(
  id: string,
  name: string,
  body: unknown,
  expect: Expectation,
  revision?: string,
): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) => legacyDraft(context.target.host, context.token(), body, revision),
    expect,
  };
}

export const quoted = (value: unknown) => (JSON.stringify(value) ?? "missing").slice(0, 40);

export const MEGABYTE = "m".repeat(1_000_000);
