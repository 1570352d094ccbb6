/** Checks on how a token may be presented: once, in the header, and nowhere else. */

import type { Answer } from "./answer.ts";
import { fault, PASS, skip } from "./check.ts";
import type { Check, Group, Outcome } from "./check.ts";
import type { Context, Sent } from "./context.ts";
import { requireProtection, speaker } from "./facts.ts";
import { modern, plusHeader, summary } from "./messages.ts";
import type { Posted } from "./messages.ts";

const ONE = "RFC 6750 section 2 and 3.1";
const PARSE =
  "Take exactly one Authorization header of exactly one credential; answer 400 otherwise.";
const JUNK = "doctor";

const twoHeaders = presentation({
  id: "credential-twice",
  title: "Two Authorization headers are refused",
  rule: ONE,
  remedy: PARSE,
  send: (list, token) =>
    plusHeader(
      plusHeader(list, "authorization", `Bearer ${token}`),
      "authorization",
      `Bearer ${JUNK}`,
    ),
});

const joined = presentation({
  id: "credential-joined",
  title: "Two credentials in one header are refused",
  rule: ONE,
  remedy: PARSE,
  send: (list, token) => plusHeader(list, "authorization", `Bearer ${token}, Bearer ${JUNK}`),
});

const trailing = presentation({
  id: "credential-trailing",
  title: "A token with something behind it is refused",
  rule: "RFC 6750 section 2.1",
  remedy: PARSE,
  send: (list, token) => plusHeader(list, "authorization", `Bearer ${token} ${JUNK}`),
});

const query = presentation({
  id: "credential-query",
  title: "A token in the query is refused, also beside one in the header",
  rule: "MCP 2026-07-28 Authorization, Token Requirements; RFC 6750 section 2",
  remedy: "Answer 400 where the query has access_token: URLs end up in logs and in histories.",
  send: (list, token, { url }) => ({
    ...plusHeader(list, "authorization", `Bearer ${token}`),
    target: `${url.pathname}${url.search ? `${url.search}&` : "?"}access_token=${JUNK}`,
  }),
});

const scheme: Check = {
  id: "credential-scheme-case",
  title: "The scheme is read in any case of letters",
  rule: "RFC 9110 section 11.1",
  severity: "warn",
  remedy: "Compare the word Bearer without regard to case.",
  async run(context) {
    await requireProtection(context);
    const list = (await context.fact(speaker)).write("tools/list");
    const answer = await context.send(
      plusHeader(list, "authorization", `bearer ${context.token("full")}`),
    );
    return answer.status === 401 ? fault(summary(answer)) : PASS;
  },
};

interface Presentation extends Pick<Check, "id" | "title" | "rule" | "remedy"> {
  send(list: Posted, token: string, context: Context): Sent;
}

/** Without a valid token a refusal may be one of the token, so only 400 tells something. */
function presentation({ send, ...about }: Presentation): Check {
  return {
    ...about,
    severity: "fail",
    async run(context) {
      await requireProtection(context);
      if (!context.hasToken("full")) {
        const answer = await context.send(send(modern("tools/list"), JUNK, context));
        return answer.status === 400 ? PASS : skip("needs a token (--token)");
      }
      const list = (await context.fact(speaker)).write("tools/list");
      return refusedOrServed(await context.send(send(list, context.token("full")!, context)));
    },
  };
}

function refusedOrServed(answer: Answer): Outcome {
  return answer.status === 400 || answer.status === 401 ? PASS : fault(summary(answer));
}

export const credential: Group = {
  id: "credential",
  title: "How a token is sent",
  checks: [twoHeaders, joined, trailing, query, scheme],
};
