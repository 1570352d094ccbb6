/** Runs cases against a target: sends each, compares the answer, and holds every answer to the global invariants. */

import { createContext, WRITING } from "./context.ts";
import type { Context } from "./context.ts";
import { written } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { compare, describe, isOurs, readJson } from "./forms.ts";
import type { Answer, Form } from "./forms.ts";
import { faultsOfLog, faultsOfOutcome } from "./invariants.ts";
import { exchange } from "./raw.ts";
import type { RawExchange, RawPart } from "./raw.ts";
import { recordsIn } from "./target.ts";
import type { Target } from "./target.ts";

/** The longest that an answer may take, and how long to look at a server that may wait for more; milliseconds. */
const LONGEST_MS = 2000;
const WAITING_MS = 400;

/** What is sent where one plain request is not enough. */
export interface Attack {
  readonly parts: readonly RawPart[];
  readonly head?: boolean;
}

/** A form, several of which one must come, or one of these for each answer in turn. */
export type Expectation = Form | readonly Form[] | {
  readonly each: readonly (Form | readonly Form[])[];
};

/** Where a runtime does something else that our code cannot change: what, and why it is so. */
export interface Exception {
  readonly expect: Expectation;
  readonly why: string;
}

export interface Case {
  readonly id: string;
  readonly name: string;
  /** What must have happened before, such as a first request. */
  readonly prepare?: (context: Context) => Promise<void>;
  readonly request: (context: Context) => Draft | Uint8Array | Attack;
  readonly expect: Expectation;
  readonly except?: { readonly deno?: Exception; readonly bun?: Exception };
  /** What else must hold; says what does not. */
  readonly verify?: (outcome: Outcome, context: Context) => string | undefined;
}

export interface Group {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case[];
}

export interface Outcome extends RawExchange {
  readonly answers: readonly Answer[];
}

export interface Failure {
  readonly id: string;
  readonly name: string;
  readonly problems: readonly string[];
}

export interface Score {
  readonly group: string;
  readonly passed: number;
  readonly total: number;
  readonly failures: readonly Failure[];
  /** The cases that a runtime answers in its own way, with the reason. */
  readonly exceptions: readonly {
    readonly id: string;
    readonly name: string;
    readonly why: string;
  }[];
}

/** Runs every case of a group, one after the other, so that each answer and each record has one cause. */
export async function runGroup(group: Group, target: Target): Promise<Score> {
  const failures: Failure[] = [];
  const exceptions: { id: string; name: string; why: string }[] = [];
  const organizations = await countOrganizations(target);
  for (const item of group.cases) {
    const exception = item.except?.[target.runtime === "deno" ? "deno" : "bun"];
    const problems = await runCase(item, target, exception);
    if (problems.length > 0) failures.push({ id: item.id, name: item.name, problems });
    if (exception) exceptions.push({ id: item.id, name: item.name, why: exception.why });
    if (!target.alive()) {
      failures.push({ id: item.id, name: item.name, problems: ["the process died"] });
      break;
    }
  }
  if (await countOrganizations(target) !== organizations) {
    failures.push({ id: group.name, name: WRITING, problems: ["the writing tool ran"] });
  }
  const { length: total } = group.cases;
  return { group: group.name, total, passed: total - failures.length, failures, exceptions };
}

async function runCase(
  item: Case,
  target: Target,
  exception: Exception | undefined,
): Promise<string[]> {
  const context = createContext(target);
  if (item.prepare) {
    await item.prepare(context);
    await nextValidCall(target, target.logLength());
  }
  const before = {
    log: target.logLength(),
    stdout: target.stdout().length,
    canary: target.canaryHits(),
  };
  const forms = formsOf(exception?.expect ?? item.expect);
  const outcome = await send(item, context, forms);
  const { log, next } = await nextValidCall(target, before.log);
  const records = recordsIn(log);
  const answers = outcome.responses.map((response) => ({
    response,
    json: readJson(response),
    record: records.find((record) => record.requestId === response.header("x-request-id")),
    metadataUrl: `http://${target.host}/.well-known/oauth-protected-resource/mcp`,
  }));
  const problems = [
    compare(forms, outcome, answers),
    ...(next === undefined ? [] : [next]),
    ...answers.flatMap((answer) => faultsOfOutcome(answer, context.secrets)),
    ...faultsOfLog(log + target.stdout().slice(before.stdout), context.secrets),
    item.verify?.({ ...outcome, answers }, context),
  ];
  const unanswered = records.filter(({ requestId }) =>
    !answers.some(({ response }) => response.header("x-request-id") === requestId)
  );
  if (unanswered.length > unheard(outcome)) {
    problems.push(`records without an answer: ${JSON.stringify(unanswered)}`);
  }
  const ran = records.filter(({ tool, reason }) => tool !== undefined && reason === "ok").length;
  const allowed = answers.filter((_, index) => forms[index]?.includes("200")).length;
  if (ran > allowed) problems.push("the tool ran");
  if (target.canaryHits() !== before.canary) problems.push("the server went where it must not");
  return problems.filter((problem) => problem !== undefined);
}

/** How many requests may have left a record though we did not hear our answer: the connection ended, or the runtime spoke. */
function unheard(outcome: RawExchange): number {
  const byRuntime = outcome.responses.filter((response) => !isOurs(response)).length;
  return byRuntime + (outcome.end === "answered" ? 0 : 1);
}

async function send(item: Case, context: Context, forms: Forms): Promise<RawExchange> {
  const request = item.request(context);
  const options = {
    port: context.target.port,
    responses: forms.length,
    timeoutMs: forms.flat().includes("waiting") ? WAITING_MS : LONGEST_MS,
  };
  if (request instanceof Uint8Array) return await exchange([request], options);
  if ("line" in request) return await exchange([written(request)], options);
  return await exchange(request.parts, { ...options, ...request });
}

/** The forms allowed for each answer. */
type Forms = readonly (readonly Form[])[];

function formsOf(expectation: Expectation): Forms {
  const each = typeof expectation === "object" && "each" in expectation
    ? expectation.each
    : [expectation];
  return each.map((forms) => typeof forms === "string" ? [forms] : forms);
}

/** The invariant of every case: the next valid call succeeds. Its record comes after all others, so the log is complete. */
async function nextValidCall(
  target: Target,
  from: number,
): Promise<{ log: string; next: string | undefined }> {
  const outcome = await exchange([written(createContext(target).valid())], { port: target.port });
  const [response] = outcome.responses;
  const id = response?.header("x-request-id");
  if (response?.status !== 200 || id === undefined) {
    return { log: target.log(from), next: `the next valid call failed: ${outcome.received}` };
  }
  const deadline = Date.now() + 2000;
  while (Date.now() < deadline) {
    const log = target.log(from);
    const at = log.indexOf(id);
    if (at >= 0) return { log: log.slice(0, log.lastIndexOf("\n", at) + 1), next: undefined };
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { log: target.log(from), next: "the next valid call left no record" };
}

async function countOrganizations(target: Target): Promise<number> {
  const context = createContext(target);
  const call = async (tool: string, input: unknown) => {
    const draft = context.valid({ tool, input, scope: "env:read org:read" });
    const outcome = await exchange([written(draft)], { port: target.port });
    const [response] = outcome.responses;
    const result = response &&
      readJson(response)?.["result"] as Record<string, unknown> | undefined;
    if (result?.["isError"] !== undefined || result === undefined) {
      throw new Error(`${tool} failed: ${describe(undefined, outcome)} ${outcome.received}`);
    }
    return result["structuredContent"] as Record<string, unknown>;
  };
  const { environments } = await call("list_environments", {}) as {
    environments: { id: string }[];
  };
  let total = 0;
  for (const { id } of environments) {
    total += (await call("list_organizations", { environmentId: id }))["totalSize"] as number;
  }
  return total;
}
