/** What a case of the suite is made from: the target, tokens of its issuers, and valid requests. */

import { Buffer } from "node:buffer";
import { callBody, legacyDraft, modernDraft } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { toJson } from "./generators_tokens.ts";
import type { Members } from "./generators_tokens.ts";
import { KEYS } from "./keys.ts";
import type { Target } from "./target.ts";

export interface TokenParts {
  /** Members to replace; undefined leaves one out. */
  readonly header?: Members;
  readonly claims?: Members;
  /** The issuer of `issuers.ts`; default `main`. */
  readonly issuer?: string;
  readonly key?: Signer;
}

/** What signs: the algorithm and key id go to the header. */
export interface Signer {
  readonly alg: string;
  readonly kid: string;
  sign(input: string): string;
}

export interface Context {
  readonly target: Target;
  /** Every token that the case has used; none of them may come out again. */
  readonly secrets: readonly string[];
  /** Signs a token that is valid for five minutes but for its parts. */
  token(parts?: TokenParts): string;
  /** Signs any two texts. */
  compact(header: string, payload: string | Uint8Array, sign?: (input: string) => string): string;
  /** A valid call of the reading tool, or of what is given. */
  valid(changes?: ValidChanges): Draft;
  /** The same in an earlier revision. */
  legacy(method: string, params?: unknown, changes?: LegacyChanges): Draft;
}

export interface ValidChanges {
  readonly token?: string;
  readonly scope?: string;
  readonly tool?: string;
  readonly input?: unknown;
  /** The whole body. */
  readonly body?: Record<string, unknown>;
}

export interface LegacyChanges {
  readonly token?: string;
  readonly scope?: string;
  readonly revision?: string;
}

export const READING = "list_environments";
export const WRITING = "create_organization";
export const SCOPE = "env:read";

export function createContext(target: Target): Context {
  const secrets: string[] = [];
  const context: Context = {
    target,
    secrets,
    token({ header = {}, claims = {}, issuer = "main", key = KEYS.main } = {}) {
      return context.compact(
        toJson({ alg: key.alg, typ: "at+jwt", kid: key.kid, ...header }),
        toJson({ ...validClaims(target, issuer), ...claims }),
        key.sign,
      );
    },
    compact(header, payload, sign = KEYS.main.sign) {
      const input = `${base64url(header)}.${base64url(payload)}`;
      const token = `${input}.${sign(input)}`;
      secrets.push(token);
      return token;
    },
    valid(changes = {}) {
      const { scope = SCOPE, tool = READING, input = {} } = changes;
      const token = changes.token ?? context.token({ claims: { scope } });
      return modernDraft(target.host, token, changes.body ?? callBody(tool, input));
    },
    legacy(method, params, changes = {}) {
      const { scope = SCOPE, revision } = changes;
      const token = changes.token ?? context.token({ claims: { scope } });
      const body = { jsonrpc: "2.0", id: 1, method, ...(params === undefined ? {} : { params }) };
      return legacyDraft(target.host, token, body, revision);
    },
  };
  return context;
}

/** The claims of a valid token. */
export function validClaims(target: Target, issuer = "main"): Record<string, unknown> {
  const now = seconds();
  return {
    iss: target.issuer(issuer),
    aud: target.resource,
    sub: "user-1",
    client_id: "client-1",
    iat: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
    scope: SCOPE,
  };
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function base64url(data: string | Uint8Array): string {
  return Buffer.from(data as string).toString("base64url");
}
