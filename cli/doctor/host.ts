/** Checks on the name under which the server is reached; a page that rebinds its name in DNS sends its own. */

import type { Answer } from "./answer.ts";
import { fault, mild, PASS } from "./check.ts";
import type { Check, Group, Outcome } from "./check.ts";
import type { Context, Sent } from "./context.ts";
import { metadataAtPath } from "./documents.ts";
import { usualRequest } from "./facts.ts";
import { modern, summary } from "./messages.ts";

/** Never resolves (RFC 6761 section 6.4), so that no proxy can take a token there. */
const FOREIGN = "doctor.invalid";
const RULE = "MCP 2026-07-28 Streamable HTTP, Security Warning; RFC 9110 section 7.4";
const REMEDY =
  "Compare the whole Host value with a list of host:port before it is parsed; answer 403 or 421.";

const foreign = name({
  id: "host-foreign",
  title: "A foreign Host is refused",
  severity: "fail",
  send: () => ({ host: FOREIGN }),
});

const userinfo = name({
  id: "host-userinfo",
  title: "A Host that hides a foreign name before an @ is refused",
  severity: "fail",
  send: ({ url }) => ({ host: `${FOREIGN}@${url.host}` }),
});

const target = name({
  id: "host-target",
  title: "A request target with a foreign name is refused",
  severity: "warn",
  send: ({ url }) => ({ target: `${url.protocol}//${FOREIGN}${url.pathname}${url.search}` }),
});

const missing: Check = {
  id: "host-missing",
  title: "A request without a Host is refused",
  rule: "RFC 9112 section 3.2",
  severity: "warn",
  remedy: "Answer 400 to HTTP/1.1 without a Host header.",
  async run(context) {
    const answer = await context.attempt({ ...modern("tools/list"), host: null });
    return answer === undefined || (answer.status >= 400 && answer.status !== 401)
      ? PASS
      : fault(summary(answer));
  },
};

const forwarded: Check = {
  id: "host-forwarded",
  title: "Forwarded names do not get into the metadata",
  rule: "RFC 9728 section 3.3 and 7.6; RFC 7239 section 8.1",
  severity: "fail",
  remedy:
    "Build the metadata and the challenge from configuration, never from what a request says.",
  async run(context) {
    const { json, url } = await context.fact(metadataAtPath);
    const answer = await context.attempt({
      ...(json === undefined
        ? { body: modern("tools/list").body }
        : { url: new URL(url), method: "GET" }),
      headers: [
        ["content-type", "application/json"],
        ["x-forwarded-host", FOREIGN],
        ["x-forwarded-proto", "https"],
        ["forwarded", `host=${FOREIGN};proto=https`],
      ],
    });
    if (answer === undefined) return PASS;
    const text = `${answer.header("www-authenticate") ?? ""}\n${answer.body}`;
    return answer.status <= 401 && text.includes(FOREIGN)
      ? fault(`the answer points to ${FOREIGN}`)
      : PASS;
  },
};

interface Name extends Pick<Check, "id" | "title" | "severity"> {
  send(context: Context): Pick<Sent, "host" | "target">;
}

function name({ send, ...about }: Name): Check {
  return {
    ...about,
    rule: RULE,
    remedy: REMEDY,
    async run(context) {
      const request = await context.fact(usualRequest);
      return refusedName(context, await context.attempt({ ...request, ...send(context) }));
    },
  };
}

/** A 401 does not show whether the name would be looked at once a token is there. */
function refusedName(context: Context, answer: Answer | undefined): Outcome {
  if (answer === undefined) return PASS;
  const { status } = answer;
  if (status === 401 && !context.hasToken("full")) {
    return mild(`${summary(answer)}: asked for a token before the name was looked at`);
  }
  if ([400, 403, 404, 421].includes(status)) return PASS;
  if (status >= 300) return mild(`${summary(answer)} instead of 403`);
  // A browser that followed a rebound name would find no certificate for it, so https bounds the harm.
  return context.url.protocol === "https:" ? mild(summary(answer)) : fault(summary(answer));
}

export const host: Group = {
  id: "host",
  title: "Names of the server",
  checks: [foreign, userinfo, target, missing, forwarded],
};
