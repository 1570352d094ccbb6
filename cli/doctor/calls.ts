/** Checks on calls. Only tools that say of themselves that they only read are called, and without arguments. */

import { isObject } from "../../http/params.ts";
import type { Answer } from "./answer.ts";
import { readChallenges } from "./challenges.ts";
import { cannotTell, fault, faultOf, PASS, skip } from "./check.ts";
import type { Check, Group } from "./check.ts";
import type { Context } from "./context.ts";
import type { RpcMessage } from "./event_stream.ts";
import { speaker } from "./facts.ts";
import { leaksIn } from "./leaks.ts";
import { summary } from "./messages.ts";
import { listedTools } from "./tools.ts";
import type { ListedTool } from "./tools.ts";

const MAX_CALLS = 3;
const MAX_LOW_CALLS = 6;
const MAX_RESULT_LENGTH = 256 * 1024;

interface Called {
  readonly name: string;
  readonly answer: Answer;
  readonly message: RpcMessage | undefined;
}

/** Tools that only read, by their own word. */
async function readOnlyTools(context: Context): Promise<readonly ListedTool[]> {
  const found = (await context.fact(listedTools)).filter(({ annotations, name }) =>
    typeof name === "string" && isObject(annotations) && annotations["readOnlyHint"] === true &&
    annotations["destructiveHint"] !== true
  );
  if (found.length === 0) throw cannotTell("no tool says that it only reads");
  return found;
}

async function callsOfReaders(context: Context): Promise<readonly Called[]> {
  const { call } = await context.fact(speaker);
  const callable = (await context.fact(readOnlyTools)).filter(({ inputSchema }) => {
    const required = isObject(inputSchema) ? inputSchema["required"] : undefined;
    return !Array.isArray(required) || required.length === 0;
  });
  const called: Called[] = [];
  for (const { name } of callable.slice(0, MAX_CALLS)) {
    const done = await call("tools/call", { name, arguments: {} });
    called.push({ name: String(name), ...done });
  }
  if (called.length === 0) throw cannotTell("no tool that only reads can do without arguments");
  return called;
}

const results: Check = {
  id: "calls-results",
  title: "Results are well-formed and bounded",
  rule: "MCP 2026-07-28 Tools, Tool Result and Security Considerations",
  severity: "warn",
  remedy:
    "Answer with content (and structuredContent where there is an output schema), in pages of less than 256 KiB.",
  async run(context) {
    const tools = await context.fact(listedTools);
    const seen = (await context.fact(callsOfReaders)).flatMap(({ name, answer, message }) => {
      const result = message?.result;
      if (!answer.complete || answer.body.length > MAX_RESULT_LENGTH) {
        return [`${name} answered more than 256 KiB`];
      }
      if (result === undefined) return answer.status === 403 ? [] : [`${name} ${summary(answer)}`];
      if (!Array.isArray(result["content"])) return [`${name} has no content`];
      const promised = tools.find((tool) => tool["name"] === name)?.["outputSchema"] !== undefined;
      const kept = result["isError"] === true || isObject(result["structuredContent"]);
      return promised && !kept ? [`${name} has no structuredContent`] : [];
    });
    return faultOf(seen.map(context.show));
  },
};

const errors: Check = {
  id: "calls-errors",
  title: "A failing tool does not tell about the inside",
  rule: "MCP 2026-07-28 Tools, Security Considerations; CWE-209",
  severity: "fail",
  remedy: "Catch what a tool throws, log it, and answer with words of your own and a request id.",
  async run(context) {
    const failed = (await context.fact(callsOfReaders)).filter(({ message }) =>
      message?.error !== undefined || message?.result?.["isError"] === true
    );
    return faultOf(
      failed.flatMap(({ name, answer }) =>
        leaksIn(answer.body).map((leak) => context.show(`${name} told ${leak}`))
      ),
    );
  },
};

const stepUp: Check = {
  id: "calls-scope",
  title: "A call without the scope for it gets 403 with that scope",
  rule: "MCP 2026-07-28 Authorization, Runtime Insufficient Scope; RFC 6750 section 3.1",
  severity: "fail",
  remedy:
    'Answer 403 with WWW-Authenticate: Bearer error="insufficient_scope", scope="..." before the tool runs.',
  async run(context) {
    if (!context.hasToken("low")) return skip("needs a token that may do less (--low-token)");
    const { call } = await context.fact(speaker);
    const tried: string[] = [];
    for (const { name } of (await context.fact(readOnlyTools)).slice(0, MAX_LOW_CALLS)) {
      const { answer, message } = await call("tools/call", { name, arguments: {} }, "low");
      if (answer.status === 403) {
        const parameters = readChallenges(answer.header("www-authenticate") ?? "")[0]?.parameters;
        const right = parameters?.get("error") === "insufficient_scope" && parameters.get("scope");
        return right ? PASS : fault(
          `${context.show(name)} answered 403 with ${
            context.show(answer.header("www-authenticate"))
          }`,
        );
      }
      if (answer.status === 401) return skip("the server refused the token that may do less");
      if (/insufficient.?scope|forbidden|permission|not allowed/i.test(answer.body)) {
        const kind = message?.result ? "a result" : summary(answer);
        return fault(`${context.show(name)} was refused with ${kind} instead of 403`);
      }
      tried.push(String(name));
    }
    return skip(`that token may call ${context.show(tried.join(", "))}`);
  },
};

export const calls: Group = {
  id: "calls",
  title: "Calls of tools that only read",
  checks: [results, errors, stepUp],
};
