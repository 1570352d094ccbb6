/** The arguments that say something about the call itself and are no tool's own: `confirm` and `idempotencyKey`. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Tool, ToolDefinition } from "./registry.ts";

const CONFIRM = {
  confirm: z.boolean()
    .describe(
      "Only where your client cannot ask a person itself: true, once a person has read what the refusal says " +
        "would happen and agreed. Never true on your own account",
    )
    .optional(),
};

const IDEMPOTENCY_KEY = {
  idempotencyKey: z.string()
    .min(1)
    .max(128)
    .regex(/^[\x21-\x7e]+$/, {
      error: "Must be 1 to 128 visible ASCII characters without spaces, such as a UUID",
    })
    .meta({
      description:
        "A new UUID for each thing you mean to do. Repeated with the same key and arguments within 24 hours, the call " +
        "is not done twice: the first result comes back",
      examples: ["6f1c2b9e-7d34-4b0a-9c55-0a1e8f3d2b77"],
    })
    .optional(),
};

type Declared = Pick<ToolDefinition, "effect" | "confirm">;

/** The arguments that a tool's published schema has besides its own. */
function argumentsOf({ effect, confirm }: Declared) {
  return { ...(confirm && CONFIRM), ...(effect !== "read" && IDEMPOTENCY_KEY) };
}

/** The input schema of a tool as its callers see it. */
export function withCallArguments(definition: Declared & { readonly input: z.ZodObject }) {
  return definition.input.safeExtend(argumentsOf(definition));
}

/** A tool's own fields that would be mistaken for an argument of the call. */
export function takenNames(definition: Declared, fields: readonly string[]): readonly string[] {
  return Object.keys(argumentsOf(definition)).filter((name) => fields.includes(name));
}

/** A call's arguments, taken apart. */
export interface CallArguments {
  /** The tool's own. */
  readonly input: unknown;
  readonly confirmed: boolean;
  readonly idempotencyKey: string | undefined;
}

/**
 * Checks the arguments of a call and takes apart what is the tool's and what is said about the call.
 *
 * @throws {AppError} `invalid_input` that says what does not fit.
 */
export function parseArguments(tool: Tool, given: unknown): CallArguments {
  const parsed = tool.input.safeParse(given ?? {});
  if (!parsed.success) throw unfit(tool, parsed.error);
  const input: Record<string, unknown> = { ...parsed.data };
  const take = (name: string) => {
    const value = input[name];
    delete input[name];
    return value;
  };
  const confirmed = tool.confirm !== undefined && take("confirm") === true;
  const idempotencyKey = tool.effect === "read" ? undefined : take("idempotencyKey") as string;
  return { input, confirmed, idempotencyKey };
}

function unfit(tool: Tool, { issues }: z.ZodError): AppError {
  const problems = issues.slice(0, 20).map(describeIssue);
  return new AppError(
    "invalid_input",
    `The arguments do not fit the input schema of ${tool.name}: ${problems.slice(0, 3).join("; ")}`,
    { details: { problems } },
  );
}

/** Names of unknown arguments are the caller's own text, so they are cut before they are said back. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join(".").slice(0, 128);
  const message = issue.message.slice(0, 200);
  return path === "" ? message : `${path}: ${message}`;
}
