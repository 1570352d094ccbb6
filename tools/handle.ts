/** Calls a tool's handler within its deadline, measured and with a span of its own. */

import { toAppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { traced } from "../telemetry/trace.ts";
import type { Tool, ToolContext } from "./registry.ts";

/** Told how long each handler took, in seconds, and the code of a failure. */
export type Measure = (tool: string, seconds: number, error?: ErrorCode) => void;

/** Resolves to what the handler returns; `expired` rejects when its time is over. */
export type Handle = (
  tool: Tool,
  input: unknown,
  context: ToolContext,
  expired: Promise<never>,
) => Promise<unknown>;

/** Builds it once, so that a call costs nothing more where nobody traces. */
export function createHandle(measure: Measure = () => {}): Handle {
  return traced(spanOf, async (tool, input, context, expired) => {
    const startedAt = performance.now();
    let error: ErrorCode | undefined;
    try {
      return await Promise.race([tool.handle(input, context), expired]);
    } catch (thrown) {
      error = toAppError(thrown).code;
      throw thrown;
    } finally {
      measure(tool.name, (performance.now() - startedAt) / 1000, error);
    }
  });
}

function spanOf({ name }: Tool) {
  return { name: `handle ${name}`, attributes: { "gen_ai.tool.name": name } };
}
