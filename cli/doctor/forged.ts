/** Checks with tokens that no server may take: forged here, or made from the given one. */

import type { JsonWebKey } from "node:crypto";
import { isObject } from "../../http/params.ts";
import { readChallenges } from "./challenges.ts";
import { cannotTell, fault, faultOf, mild, PASS, skip } from "./check.ts";
import type { Check, Group, Outcome } from "./check.ts";
import type { Context } from "./context.ts";
import { issuers, metadata, publishedKeys } from "./documents.ts";
import { answerToToken, requireProtection } from "./facts.ts";
import {
  createForger,
  decodeToken,
  secretsOf,
  withOtherClaims,
  withOtherSignature,
} from "./forge.ts";
import type { Forger, Model } from "./forge.ts";
import { modern, plusHeader, summary } from "./messages.ts";

const RULE = "RFC 9068 section 4; MCP 2026-07-28 Authorization, Token Handling";
const VERIFY = "Verify signature, iss, aud and exp of every token with a maintained library.";

const accepted: Check = {
  id: "token-accepted",
  title: "The given token is accepted",
  rule: "MCP 2026-07-28 Authorization, Access Token Usage",
  severity: "fail",
  remedy: "Get a fresh token for this resource (resource parameter, RFC 8707) and try again.",
  async run(context) {
    await requireProtection(context);
    if (!context.hasToken("full")) return skip("needs a token (--token)");
    const answer = await context.fact(answerToToken);
    return answer.status === 401 ? fault(context.show(answer.header("www-authenticate"))) : PASS;
  },
};

const garbage = forgery({
  id: "token-garbage",
  title: "A token that is none is refused",
  rule: "RFC 6750 section 3.1",
  remedy: 'Answer 401 with error="invalid_token".',
  make: () => Promise.resolve(["doctor"]),
});

const error: Check = {
  id: "token-error",
  title: "The refusal of a token says invalid_token and where the metadata is",
  rule: "RFC 6750 section 3.1; RFC 9728 section 5.1",
  severity: "warn",
  remedy: 'Send WWW-Authenticate: Bearer error="invalid_token", resource_metadata="...".',
  async run(context) {
    await requireProtection(context);
    const answer = await present(context, "doctor");
    const parameters = readChallenges(answer.header("www-authenticate") ?? "")[0]?.parameters;
    return faultOf([
      ...(parameters?.get("error") === "invalid_token"
        ? []
        : [`error is ${context.show(parameters?.get("error"))}`]),
      ...(parameters?.has("resource_metadata") ? [] : ["no resource_metadata"]),
    ]);
  },
};

const unsigned = forgery({
  id: "token-unsigned",
  title: 'A token with "alg": "none" is refused',
  rule: "RFC 9068 section 4; RFC 8725 section 3.1",
  remedy: "Give the verifier a list of asymmetric algorithms and nothing else.",
  make: async (context) => [(await context.fact(forger)).unsigned()],
});

const publicKeySecret = forgery({
  id: "token-hs256",
  title: "A token under HMAC with the public key is refused",
  rule: "RFC 8725 section 2.1 and 3.1",
  remedy: "Give the verifier a list of asymmetric algorithms; the key's own kind must fit.",
  async make(context) {
    const { withPublicKey } = await context.fact(forger);
    const keys = await context.fact(publishedKeys);
    const secrets = keys.filter(isObject).flatMap((key) => secretsOf(key as JsonWebKey));
    if (secrets.length === 0) throw cannotTell("no public key is known");
    return secrets.slice(0, 2).map(withPublicKey);
  },
});

const ownKey = forgery({
  id: "token-signature",
  title: "A token signed with a stranger's key is refused",
  rule: RULE,
  remedy: VERIFY,
  make: async (context) => [(await context.fact(forger)).sign()],
});

const ownJwk = forgery({
  id: "token-header-key",
  title: "A key in the token's own header is not believed",
  rule: "RFC 8725 section 3.10; RFC 7515 section 4.1.3",
  remedy: "Take keys from the configured issuer alone; ignore jwk, jku, x5c and x5u.",
  async make(context) {
    const { sign, publicKey } = await context.fact(forger);
    return [sign({ header: { jwk: publicKey, kid: undefined } })];
  },
});

const expired = forgery({
  id: "token-expired",
  title: "A forged token that has expired is refused",
  rule: RULE,
  remedy: VERIFY,
  async make(context) {
    const now = seconds(context);
    return [(await context.fact(forger)).sign({ claims: { iat: now - 7200, exp: now - 3600 } })];
  },
});

const audience = forgery({
  id: "token-audience",
  title: "A forged token for another resource is refused",
  rule: "RFC 9068 section 4; RFC 8707 section 2; MCP 2026-07-28 Token Audience Binding",
  remedy: "Accept a token only where aud names this resource exactly.",
  make: async (
    context,
  ) => [(await context.fact(forger)).sign({ claims: { aud: "https://doctor.invalid/mcp" } })],
});

const issuer = forgery({
  id: "token-issuer",
  title: "A forged token of another issuer is refused",
  rule: "RFC 9068 section 4; RFC 8725 section 3.8",
  remedy: "Compare iss with the configured issuers as a whole string.",
  make: async (
    context,
  ) => [(await context.fact(forger)).sign({ claims: { iss: "https://doctor.invalid" } })],
});

const changedClaims = forgery({
  id: "token-changed-claims",
  title: "The given token with a changed claim is refused",
  rule: "RFC 7515 section 5.2",
  remedy: VERIFY,
  async make(context) {
    const changed = withOtherClaims(await acceptedToken(context));
    if (changed === undefined) throw cannotTell("the given token is no JWT");
    return [changed];
  },
});

const changedSignature = forgery({
  id: "token-changed-signature",
  title: "The given token with a changed signature is refused",
  rule: "RFC 7515 section 5.2",
  remedy: VERIFY,
  make: async (context) => [withOtherSignature(await acceptedToken(context))],
});

interface Forgery extends Pick<Check, "id" | "title" | "rule" | "remedy"> {
  make(context: Context): Promise<readonly string[]>;
}

function forgery({ make, ...about }: Forgery): Check {
  return {
    ...about,
    severity: "fail",
    async run(context) {
      await requireProtection(context);
      for (const token of await make(context)) {
        const outcome = refused(await present(context, token));
        if (outcome !== PASS) return outcome;
      }
      return PASS;
    },
  };
}

/** 401 is the answer to every bad token; a firewall in front may know no better than 403. */
function refused(answer: Awaited<ReturnType<Context["send"]>>): Outcome {
  if (answer.status === 401) return PASS;
  return answer.status === 403 ? mild(`${summary(answer)} instead of 401`) : fault(summary(answer));
}

function present(context: Context, token: string) {
  return context.send(plusHeader(modern("tools/list"), "authorization", `Bearer ${token}`));
}

async function acceptedToken(context: Context): Promise<string> {
  const token = context.token("full");
  if (token === undefined) throw cannotTell("needs a token (--token)");
  if ((await context.fact(answerToToken)).status === 401) {
    throw cannotTell("the server refused the token");
  }
  return token;
}

function forger(context: Context): Promise<Forger> {
  const token = context.token("full");
  const given = token === undefined ? undefined : decodeToken(token);
  return given
    ? Promise.resolve(createForger(given))
    : modelFromMetadata(context).then(createForger);
}

/** The claims that a true token would have, as far as the server's documents tell. */
async function modelFromMetadata(context: Context): Promise<Model> {
  const document = await context.fact(metadata).catch(() => undefined);
  const [issuer] = await context.fact(issuers).catch(() => []);
  const keys: readonly unknown[] = await context.fact(publishedKeys).catch(() => []);
  const key = keys.find(isObject);
  const scopes = document?.json["scopes_supported"];
  const now = seconds(context);
  return {
    header: { typ: "at+jwt", alg: algorithmOf(key), kid: key?.["kid"] },
    claims: {
      iss: issuer?.name ?? context.url.origin,
      aud: document?.json["resource"] ?? context.resource,
      sub: "doctor",
      client_id: "doctor",
      iat: now,
      exp: now + 300,
      jti: crypto.randomUUID(),
      scope: Array.isArray(scopes) ? scopes.join(" ") : "",
    },
  };
}

function algorithmOf(key: Readonly<Record<string, unknown>> | undefined): unknown {
  const { alg, kty } = key ?? {};
  if (alg !== undefined) return alg;
  return kty === "RSA" ? "RS256" : kty === "OKP" ? "EdDSA" : "ES256";
}

function seconds({ now }: Context): number {
  return Math.floor(now.getTime() / 1000);
}

export const forged: Group = {
  id: "token",
  title: "Tokens",
  checks: [
    accepted,
    garbage,
    error,
    unsigned,
    publicKeySecret,
    ownKey,
    ownJwk,
    expired,
    audience,
    issuer,
    changedClaims,
    changedSignature,
  ],
};
