/** Runs the checks one after the other against one server, and turns what happens into results. */

import { AppError } from "../../errors.ts";
import { NO_ANSWER } from "../command.ts";
import type { Answer } from "./answer.ts";
import { CANNOT_TELL, fault, skip } from "./check.ts";
import type { Check, Group, Outcome } from "./check.ts";
import type { Context } from "./context.ts";
import { bareAnswers, leaveSession } from "./facts.ts";
import { messageOf, summary } from "./messages.ts";

export type Status = "pass" | "warn" | "fail" | "skip";

/** What one check came to. */
export interface Result {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly status: Status;
  readonly rule: string;
  /** What was seen, or the reason of a skip. */
  readonly seen?: string;
  /** What to do about a warning or a failure. */
  readonly remedy?: string;
}

/**
 * Runs the checks.
 *
 * @throws {AppError} `unavailable` where no MCP endpoint answers at the URL.
 */
export async function runChecks(
  context: Context,
  groups: readonly Group[],
): Promise<readonly Result[]> {
  await requireEndpoint(context);
  const results: Result[] = [];
  for (const group of groups) {
    for (const check of group.checks) {
      results.push(resultOf(check, group, await outcomeOf(check, context), context));
    }
  }
  await leaveSession(context).catch(() => {});
  return results;
}

async function outcomeOf(check: Check, context: Context): Promise<Outcome> {
  try {
    return await check.run(context);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.reason === CANNOT_TELL) return skip(error.message);
    if (error.reason === NO_ANSWER) return fault(error.message);
    throw error;
  }
}

function resultOf(check: Check, group: Group, outcome: Outcome, context: Context): Result {
  const { id, title, rule, remedy, severity } = check;
  const about = { id, group: group.id, title, rule };
  switch (outcome.status) {
    case "pass":
      return { ...about, status: "pass" };
    case "skip":
      return { ...about, status: "skip", seen: context.clean(outcome.reason) };
    case "fault":
      return {
        ...about,
        status: outcome.mild ? "warn" : severity,
        seen: context.clean(outcome.seen),
        remedy,
      };
  }
}

/** A wrong URL would otherwise be a page of failures that say nothing about the server. */
async function requireEndpoint(context: Context): Promise<void> {
  const answers = Object.values(await context.fact(bareAnswers)) as readonly Answer[];
  const redirect = answers.find(({ status }) => status >= 300 && status < 400);
  if (redirect !== undefined) {
    throw noEndpoint(
      `${context.url.href} redirects to ${context.show(redirect.header("location"))}; ` +
        "give the URL that clients use",
    );
  }
  const isEndpoint = answers.some((answer) =>
    answer.status === 401 || answer.status === 403 || messageOf(answer) !== undefined
  );
  if (isEndpoint) return;
  throw noEndpoint(
    `What answers at ${context.url.href} is no MCP endpoint (${
      context.show(summary(answers[0]))
    }); check the path`,
  );
}

function noEndpoint(message: string): AppError {
  return new AppError("unavailable", message, { reason: NO_ANSWER });
}
