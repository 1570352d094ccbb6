/** Writes one prompt for a caller: its scopes, its arguments, a bounded and sanitised text. */

import { AppError } from "../errors.ts";
import { guarded } from "../resources/guard.ts";
import type { Caller, GuardOptions } from "../resources/guard.ts";
import { describeIssue } from "../tools/call_arguments.ts";
import { sanitize } from "../tools/sanitize.ts";
import type { Prompts } from "./registry.ts";

/** UTF-16 units; a prompt is a task, and no document. */
const MAX_TEXT_LENGTH = 16 * 1024;

/**
 * Returns the text of the one message of a prompt, with its description.
 *
 * @throws {AppError} `invalid_input` for an unknown prompt and for arguments that do not fit, `insufficient_scope`, and what
 * the workspace throws, such as `not_found` for an id that nothing has.
 */
export async function writePrompt(
  prompts: Prompts,
  name: string,
  input: unknown,
  caller: Caller,
  options: GuardOptions,
): Promise<{ readonly description: string; readonly text: string }> {
  const prompt = prompts.get(name);
  if (prompt === undefined) {
    throw new AppError("invalid_input", "Unknown prompt", { reason: "unknown_prompt" });
  }
  const { description, scopes } = prompt;
  return await guarded({ kind: "prompt", name, scopes }, caller, options, async (context) => {
    const parsed = prompt.input.safeParse(input ?? {});
    if (!parsed.success) {
      const problems = parsed.error.issues.slice(0, 3).map(describeIssue).join("; ");
      throw new AppError(
        "invalid_input",
        `The arguments do not fit the prompt ${name}: ${problems}`,
      );
    }
    const text = sanitize(await prompt.write(parsed.data, context)).value;
    if (text.length > MAX_TEXT_LENGTH) {
      throw new AppError("payload_too_large", "The prompt is too large", {
        reason: "output_too_large",
      });
    }
    return { description, text };
  });
}
