/** Checks on what a client without a token gets. */

import { isSecureUrl } from "../../auth/fetch_json.ts";
import type { Answer } from "./answer.ts";
import { readChallenges } from "./challenges.ts";
import { fault, faultOf, mild, PASS, skip } from "./check.ts";
import type { Check, Group } from "./check.ts";
import type { Context } from "./context.ts";
import { challengedUrl, metadataAtPath, metadataOfChallenge } from "./documents.ts";
import { parseObject } from "./event_stream.ts";
import { bareAnswers, bareRefusal, legacySession, requireProtection, speaker } from "./facts.ts";
import { LARGE_BYTES, LATEST_LEGACY, legacy, modern, sessionHeaders, summary } from "./messages.ts";

const required: Check = {
  id: "auth-required",
  title: "Nobody is served without a token",
  rule: "MCP 2026-07-28 Authorization, Access Token Usage; RFC 6750 section 3.1",
  severity: "fail",
  remedy:
    "Ask for an access token on every request to the endpoint, initialize and tools/list included, and answer 401 without one.",
  async run(context) {
    const answers = await context.fact(bareAnswers);
    const seen = Object.entries(answers as unknown as Record<string, Answer>)
      .filter(([, { status }]) => status !== 401)
      .map(([name, answer]) => `${LABELS[name]} answered ${summary(answer)}`);
    if (seen.length === 3) seen.unshift(await openness(context));
    return faultOf(seen);
  },
};
/** Some servers show their list to everybody and ask for a token when it comes to a call. */
async function openness(context: Context): Promise<string> {
  const found = await context.fact(speaker).catch(() => undefined);
  const called = await found?.call("tools/call", { name: "doctor_no_such_tool", arguments: {} });
  return called?.answer.status === 401 ? "only calls ask for a token" : "NO AUTHENTICATION";
}

const LABELS: Readonly<Record<string, string>> = {
  initialize: "initialize",
  discover: "server/discover",
  list: "tools/list",
};

const everyMethod: Check = {
  id: "auth-every-method",
  title: "GET and DELETE serve nobody without a token",
  rule: "MCP 2026-07-28 Authorization, Access Token Usage",
  severity: "fail",
  remedy: "Put the check of the token in front of every HTTP method of the endpoint.",
  async run(context) {
    await requireProtection(context);
    const seen: string[] = [];
    for (const method of ["GET", "DELETE"]) {
      const answer = await context.send({
        method,
        headers: [["accept", "text/event-stream"]],
        headOnly: true,
      });
      if (answer.status < 300) seen.push(`${method} answered ${summary(answer)}`);
    }
    return faultOf(seen);
  },
};

const session: Check = {
  id: "auth-session",
  title: "A session id is no credential",
  rule: "MCP security best practices, Session Hijacking",
  severity: "fail",
  remedy: "Verify the access token on every request, whatever Mcp-Session-Id it carries.",
  async run(context) {
    await requireProtection(context);
    const own = context.hasToken("full")
      ? await context.fact(legacySession).catch(() => undefined)
      : undefined;
    const headers = sessionHeaders({
      revision: own?.revision ?? LATEST_LEGACY,
      id: own?.id ?? crypto.randomUUID(),
    });
    const stream = await context.send({
      method: "GET",
      headers: [["accept", "text/event-stream"], ...headers],
      headOnly: true,
    });
    const list = legacy("tools/list");
    const posted = await context.send({ ...list, headers: [...list.headers, ...headers] });
    return faultOf([
      ...(stream.status < 300 ? [`GET answered ${summary(stream)}`] : []),
      ...(posted.status !== 401 ? [`tools/list answered ${summary(posted)}`] : []),
    ]);
  },
};

const beforeBody: Check = {
  id: "auth-before-body",
  title: "A stranger's body is not parsed",
  rule: "RFC 6750 section 3.1; defence in depth",
  severity: "warn",
  remedy: "Check the token before the body is read, so that strangers reach no parser.",
  async run(context) {
    await requireProtection(context);
    const answer = await context.send({ ...modern("tools/list"), body: '{"jsonrpc":' });
    return answer.status === 401 ? PASS : fault(`broken JSON answered ${summary(answer)}`);
  },
};

const largeBody: Check = {
  id: "auth-large-body",
  title: "A stranger's large body is not waited for",
  rule: "RFC 9110 section 15.5.14; defence in depth",
  severity: "warn",
  remedy:
    "Refuse by the headers alone (401, or 413 by Content-Length) instead of waiting for the body.",
  async run(context) {
    await requireProtection(context);
    const { headers } = modern("tools/list");
    const answer = await context.attempt({ headers, declaredLength: LARGE_BYTES });
    if (answer === undefined) return PASS;
    return answer.status === 401 || answer.status === 413 ? PASS : mild(summary(answer));
  },
};

const bearer: Check = {
  id: "challenge-bearer",
  title: "The 401 has a Bearer challenge, and it comes first",
  rule: "RFC 9110 section 11.6.1; RFC 6750 section 3",
  severity: "fail",
  remedy:
    "Send WWW-Authenticate: Bearer ... with every 401; clients read on only behind that word.",
  async run(context) {
    const header = (await context.fact(bareRefusal)).header("www-authenticate");
    const [first] = readChallenges(header ?? "");
    return first?.scheme.toLowerCase() === "bearer"
      ? PASS
      : fault(`WWW-Authenticate is ${context.show(header)}`);
  },
};

const noError: Check = {
  id: "challenge-no-error",
  title: "A request without a token gets no error code",
  rule: "RFC 6750 section 3.1",
  severity: "warn",
  remedy: "Leave error and error_description out of the challenge where no token was sent.",
  async run(context) {
    const error = (await bearerParameters(context)).get("error");
    return error === undefined ? PASS : fault(`error=${context.show(error)}`);
  },
};

const pointer: Check = {
  id: "challenge-metadata",
  title: "The challenge says where the metadata is",
  rule: "RFC 9728 section 5.1; MCP 2025-06-18 Authorization",
  severity: "fail",
  remedy: 'Add resource_metadata="https://..." with the absolute URL of the metadata document.',
  async run(context) {
    const url = (await bearerParameters(context)).get("resource_metadata");
    if (url === undefined) return fault("no resource_metadata");
    return isSecureUrl(url) ? PASS : fault(`${context.show(url)} is no absolute https URL`);
  },
};

const sameDocument: Check = {
  id: "challenge-document",
  title: "The challenge leads to the same document as the well-known path",
  rule: "RFC 9728 section 3.3 and 5.1",
  severity: "fail",
  remedy: "Build both addresses from the one configured URL of the resource.",
  async run(context) {
    if (await context.fact(challengedUrl) === undefined) return skip("no resource_metadata");
    const challenged = await context.fact(metadataOfChallenge);
    if (challenged === undefined) return fault("it is no URL that can be visited");
    if (challenged.json === undefined) return fault(`it answered ${summary(challenged.answer)}`);
    const { json } = await context.fact(metadataAtPath);
    if (json === undefined) return skip("nothing at the well-known path");
    return JSON.stringify(json) === JSON.stringify(challenged.json)
      ? PASS
      : fault("the two documents differ");
  },
};

const scope: Check = {
  id: "challenge-scope",
  title: "The challenge names the scopes to ask for",
  rule: "MCP 2026-07-28 Authorization, Scope Selection Strategy",
  severity: "warn",
  remedy: 'Add scope="..." with what the refused request needs.',
  async run(context) {
    const scope = (await bearerParameters(context)).get("scope");
    return scope === undefined || scope === "" ? fault("no scope") : PASS;
  },
};

const json: Check = {
  id: "refusal-json",
  title: "The 401 has a JSON body that says what is wrong",
  rule: "RFC 6750 section 3; advice",
  severity: "warn",
  remedy: "Send a JSON object with error and error_description: models read bodies, not headers.",
  async run(context) {
    const answer = await context.fact(bareRefusal);
    const isJson = /^application\/json\b/i.test(answer.header("content-type") ?? "");
    return isJson && parseObject(answer.body) ? PASS : fault(summary(answer));
  },
};

const noStore: Check = {
  id: "refusal-no-store",
  title: "The 401 is not cached",
  rule: "RFC 9111 section 5.2.2.5; RFC 6750 section 5.3",
  severity: "warn",
  remedy: "Send Cache-Control: no-store with every answer of the endpoint.",
  async run(context) {
    const header = (await context.fact(bareRefusal)).header("cache-control");
    return /\bno-store\b/i.test(header ?? "")
      ? PASS
      : fault(`Cache-Control is ${context.show(header)}`);
  },
};

const noSniff: Check = {
  id: "refusal-nosniff",
  title: "Browsers do not guess the type of an answer",
  rule: "Fetch, X-Content-Type-Options",
  severity: "warn",
  remedy: "Send X-Content-Type-Options: nosniff with every answer.",
  async run(context) {
    const header = (await context.fact(bareAnswers)).list.header("x-content-type-options");
    return header?.toLowerCase() === "nosniff"
      ? PASS
      : fault(`X-Content-Type-Options is ${context.show(header)}`);
  },
};

async function bearerParameters(context: Context): Promise<ReadonlyMap<string, string>> {
  const header = (await context.fact(bareRefusal)).header("www-authenticate");
  const challenges = readChallenges(header ?? "");
  return challenges.find(({ scheme }) => scheme.toLowerCase() === "bearer")?.parameters ??
    new Map();
}

export const refusal: Group = {
  id: "auth",
  title: "Without a token",
  checks: [required, everyMethod, session, beforeBody, largeBody],
};

export const challenge: Group = {
  id: "challenge",
  title: "The challenge",
  checks: [bearer, noError, pointer, sameDocument, scope, json, noStore, noSniff],
};
