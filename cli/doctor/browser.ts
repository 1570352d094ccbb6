/** Checks on web pages: which may call, and what a browser is told about it. */

import type { Answer } from "./answer.ts";
import { fault, faultOf, mild, PASS, skip } from "./check.ts";
import type { Check, Group, Outcome } from "./check.ts";
import type { Context } from "./context.ts";
import { usualRequest } from "./facts.ts";
import { modern, plusHeader, summary } from "./messages.ts";

const FOREIGN = "https://doctor.invalid";
const RULE = "MCP 2026-07-28 Streamable HTTP, Security Warning";
const REMEDY = "Compare Origin with a list of whole origins, and answer 403 where it is not on it.";

const preflight: Check = {
  id: "cors-preflight",
  title: "A preflight is answered without a token",
  rule: "Fetch, CORS-preflight fetch (it never has credentials)",
  severity: "warn",
  remedy: "Answer OPTIONS before the token is looked at; browser clients get no further otherwise.",
  async run(context) {
    const answer = await context.fact(ownPreflight);
    return answer.status === 401 || answer.status >= 500 ? fault(summary(answer)) : PASS;
  },
};

const preflightHeaders: Check = {
  id: "cors-headers",
  title: "A preflight allows the headers that clients send",
  rule: "Fetch, CORS-preflight fetch; MCP 2026-07-28 Streamable HTTP",
  severity: "warn",
  remedy:
    "Name Authorization, Content-Type and the MCP headers in Access-Control-Allow-Headers; * does not cover Authorization.",
  async run(context) {
    const answer = await context.fact(ownPreflight);
    if (answer.header("access-control-allow-origin") === undefined) {
      return skip("pages of its own origin may not call");
    }
    const allowed = names(answer, "access-control-allow-headers");
    const missing = REQUESTED.filter((name) => !allowed.includes(name));
    return missing.length === 0 ? PASS : fault(`not allowed: ${missing.join(", ")}`);
  },
};
const REQUESTED = ["authorization", "content-type", "mcp-protocol-version", "mcp-method"];

const exposed: Check = {
  id: "cors-exposed",
  title: "Pages that may call can read the challenge",
  rule: "Fetch, CORS protocol (Access-Control-Expose-Headers)",
  severity: "warn",
  remedy: "Name WWW-Authenticate in Access-Control-Expose-Headers.",
  async run(context) {
    const answer = await context.send(
      plusHeader(modern("tools/list"), "origin", context.url.origin),
    );
    if (answer.header("access-control-allow-origin") === undefined) {
      return skip("pages of its own origin may not call");
    }
    const allowed = answer.header("access-control-expose-headers");
    const names = (allowed ?? "").toLowerCase().split(",").map((name) => name.trim());
    return names.includes("www-authenticate") || names.includes("*")
      ? PASS
      : fault(`Access-Control-Expose-Headers is ${context.show(allowed)}`);
  },
};

const foreign: Check = {
  id: "origin-foreign",
  title: "A page of another origin is refused",
  rule: RULE,
  severity: "fail",
  remedy: REMEDY,
  run: async (context) => refusedOrigin(context, await context.fact(fromForeignPage)),
};

const opaque: Check = {
  id: "origin-null",
  title: "A page without an origin is refused",
  rule: RULE,
  severity: "fail",
  remedy: `${REMEDY} Every sandboxed frame sends null.`,
  run: async (context) => refusedOrigin(context, await fromPage(context, "null")),
};

const unreadable: Check = {
  id: "cors-foreign",
  title: "A page of another origin can read nothing",
  rule: "Fetch, CORS protocol",
  severity: "fail",
  remedy: "Send Access-Control-Allow-Origin to listed origins alone: neither * nor what was asked.",
  async run(context) {
    const answers = {
      preflight: await context.fact(foreignPreflight),
      POST: await context.fact(fromForeignPage),
    };
    return faultOf(
      Object.entries(answers).flatMap(([kind, answer]) => {
        const allowed = answer.header("access-control-allow-origin");
        return allowed === undefined || allowed === context.url.origin
          ? []
          : [`${kind}: Access-Control-Allow-Origin ${context.show(allowed)}`];
      }),
    );
  },
};

const credentials: Check = {
  id: "cors-credentials",
  title: "Browsers are not told to send cookies",
  rule: "Fetch, CORS protocol and credentials",
  severity: "fail",
  remedy: "Leave Access-Control-Allow-Credentials out; a token is sent by the page itself.",
  async run(context) {
    const answers = [
      await context.fact(ownPreflight),
      await context.fact(foreignPreflight),
      await context.fact(fromForeignPage),
    ];
    const told = answers.some((answer) =>
      answer.header("access-control-allow-credentials")?.toLowerCase() === "true"
    );
    return told ? fault("Access-Control-Allow-Credentials: true") : PASS;
  },
};

/** A 401 does not show whether the origin would be looked at once a token is there. */
function refusedOrigin(context: Context, answer: Answer): Outcome {
  if (answer.status === 403) return PASS;
  if (answer.status === 401 && !context.hasToken("full")) {
    return mild(`${summary(answer)}: asked for a token before the origin was looked at`);
  }
  return answer.status >= 400 && answer.status < 500
    ? mild(`${summary(answer)} instead of 403`)
    : fault(summary(answer));
}

function fromForeignPage(context: Context): Promise<Answer> {
  return fromPage(context, FOREIGN);
}

async function fromPage(context: Context, origin: string): Promise<Answer> {
  return context.send(plusHeader(await context.fact(usualRequest), "origin", origin));
}

function ownPreflight(context: Context): Promise<Answer> {
  return sendPreflight(context, context.url.origin);
}

function foreignPreflight(context: Context): Promise<Answer> {
  return sendPreflight(context, FOREIGN);
}

function sendPreflight(context: Context, origin: string): Promise<Answer> {
  return context.send({
    method: "OPTIONS",
    headers: [
      ["origin", origin],
      ["access-control-request-method", "POST"],
      ["access-control-request-headers", REQUESTED.join(",")],
    ],
  });
}

function names(answer: Answer, header: string): readonly string[] {
  return (answer.header(header) ?? "").toLowerCase().split(",").map((name) => name.trim());
}

export const browser: Group = {
  id: "cors",
  title: "Web pages",
  checks: [preflight, preflightHeaders, exposed, foreign, opaque, unreadable, credentials],
};
