/** Calls a tool's handler within its deadline, measured and with a span of its own. */

import { toAppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { traced } from "../telemetry/trace.ts";
import type { Output } from "./output.ts";
import type { Tool } from "./registry.ts";

/** Told how long each handler took, in seconds, and the code of a failure. */
export type Measure = (tool: string, seconds: number, error?: ErrorCode) => void;

/** Resolves to what the work comes to; `expired` rejects when its time is over, and the work goes on alone. */
export type Handle = (
  tool: Tool,
  work: () => Promise<Output>,
  expired: Promise<never>,
) => Promise<Output>;

/** Builds it once, so that a call costs nothing more where nobody traces. */
export function createHandle(measure: Measure = () => {}): Handle {
  return traced(spanOf, async (tool, work, expired) => {
    const startedAt = performance.now();
    let error: ErrorCode | undefined;
    try {
      return await Promise.race([work(), expired]);
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
