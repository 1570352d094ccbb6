/** Checks on everything that the server said in this run; they come last. */

import type { Answer } from "./answer.ts";
import { faultOf } from "./check.ts";
import type { Check, Group } from "./check.ts";
import type { Context } from "./context.ts";
import { leaksIn, VERSIONED } from "./leaks.ts";

const errors: Check = {
  id: "leak-errors",
  title: "Errors do not tell about the inside",
  rule: "CWE-209; RFC 9110 section 17.12",
  severity: "fail",
  remedy:
    "Answer with words of your own and a request id, and keep stack traces, paths and secrets in the log.",
  run: (context) =>
    over(
      context,
      // The path of the endpoint itself may look like one of a file.
      ({ body, status }) =>
        status >= 400 ? leaksIn(body.replaceAll(context.url.pathname, "/")) : [],
    ),
};

const tokens: Check = {
  id: "leak-tokens",
  title: "No answer repeats a token",
  rule: "RFC 6750 section 5.3; RFC 9700 section 4.9",
  severity: "fail",
  remedy: "Never put a credential, or an error that quotes one, into an answer.",
  run: (context) => {
    const secrets = [context.token("full"), context.token("low")]
      .filter((token) => token !== undefined);
    return over(
      context,
      ({ body, headers }) => {
        const text = body + headers.map(([, value]) => value).join("\n");
        return secrets.some((secret) => text.includes(secret)) ? ["the token"] : [];
      },
    );
  },
};

const versions: Check = {
  id: "leak-versions",
  title: "Headers and error pages name no versions",
  rule: "RFC 9110 section 10.2.4",
  severity: "warn",
  remedy: "Send no X-Powered-By, and a Server header without a version.",
  run: (context) =>
    over(context, (answer) => {
      const headers = ["server", "x-powered-by", "x-aspnet-version"]
        .flatMap((name) => answer.header(name) ?? [])
        .filter((value) => /\d/.test(value) || VERSIONED.test(value));
      const page = answer.status >= 400 ? VERSIONED.exec(answer.body)?.[0] : undefined;
      return [...headers, ...(page ? [page] : [])];
    }),
};

const echo: Check = {
  id: "leak-echo",
  title: "Errors do not repeat a foreign Host or Origin",
  rule: "Defence in depth: such a body lets a stranger choose the text of an error",
  severity: "warn",
  remedy: "Say that the name is not accepted, without the name.",
  run: (context) =>
    over(
      context,
      ({ status, body }) => status >= 400 && body.includes("doctor.invalid") ? ["the name"] : [],
    ),
};

/** Looks at every answer of the endpoint's own origin, and reports each finding once. */
function over(context: Context, look: (answer: Answer) => readonly string[]) {
  const { origin } = context.url;
  const found = new Set<string>();
  for (const { answer, url, message } of context.exchanges) {
    if (answer === undefined || !url.startsWith(origin)) continue;
    for (const seen of look(answer)) {
      found.add(
        `${context.show(seen)} in an answer ${answer.status}${message ? ` to ${message}` : ""}`,
      );
    }
  }
  const all = [...found];
  return Promise.resolve(
    faultOf([...all.slice(0, 3), ...(all.length > 3 ? [`and ${all.length - 3} more`] : [])]),
  );
}

export const leak: Group = {
  id: "leak",
  title: "What answers give away",
  checks: [errors, tokens, versions, echo],
};
