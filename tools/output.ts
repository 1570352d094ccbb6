/** What a handler returns, held against the output schema and made safe to show. */

import { AppError } from "../errors.ts";
import type { Tool } from "./registry.ts";
import { sanitize } from "./sanitize.ts";

/** UTF-16 units of JSON; a model cannot use more, and a client should not have to hold it. */
const MAX_OUTPUT_LENGTH = 1024 * 1024;

/** What a call came to, as value and as its JSON text. */
export interface Output {
  readonly output: Record<string, unknown>;
  readonly text: string;
}

/**
 * The output schema is a promise to the caller; a handler that breaks it has a bug, and the caller learns no more.
 *
 * @throws {AppError} `internal` for what breaks the schema, `payload_too_large` for what is too long.
 */
export function checkOutput(tool: Tool, output: unknown): Output {
  const parsed = tool.output.safeParse(output);
  if (!parsed.success) {
    throw new AppError("internal", "Internal error", {
      reason: "output_invalid",
      cause: parsed.error,
    });
  }
  const { value, text } = sanitize(parsed.data);
  if (text.length > MAX_OUTPUT_LENGTH) {
    throw new AppError("payload_too_large", "The result is too large; ask for fewer items", {
      reason: "output_too_large",
    });
  }
  return { output: value, text };
}
