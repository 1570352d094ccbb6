/** The one way a tool runs: scopes again, input, deadline, handler, output; whatever is thrown becomes a safe answer. */

import type { z } from "zod";
import { AppError, toAppError } from "../errors.ts";
import type { AccessControl } from "../auth/access_control.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Workspace } from "../store/workspace.ts";
import { sanitize } from "./sanitize.ts";
import type { Catalogue, Progress, Registry, Tool, ToolContext } from "./registry.ts";

/** One call, as the protocol side hands it over. */
export interface ToolCall {
  readonly tool: Tool;
  readonly input: unknown;
  readonly principal: Principal;
  readonly requestId: string;
  /** Where its reason is an AppError the call ends with that at once, whatever the handler does; otherwise the handler decides. */
  readonly signal: AbortSignal;
  progress(progress: Progress): Promise<void>;
}

/** What came of a call; a failure is an answer too, made for a model to read. */
export type ToolOutcome =
  | { readonly ok: true; readonly output: Record<string, unknown>; readonly text: string }
  | { readonly ok: false; readonly error: ToolError; readonly cause: AppError };

/** The error object a model reads. */
export interface ToolError {
  readonly code: string;
  readonly message: string;
  readonly request_id: string;
  readonly details?: Record<string, unknown>;
  readonly required_scopes?: readonly string[];
  readonly missing_scopes?: readonly string[];
}

export interface ExecutorOptions {
  readonly registry: Registry;
  readonly policy: ScopePolicy;
  readonly workspace: Workspace;
  readonly access: AccessControl;
  readonly now: () => Date;
  readonly log: (message: string, properties?: Record<string, unknown>) => void;
}

/** UTF-16 units of JSON; a model cannot use more, and a client should not have to hold it. */
const MAX_OUTPUT_LENGTH = 1024 * 1024;

/** Builds the function that runs tools; it never throws. */
export function createExecutor(
  options: ExecutorOptions,
): (call: ToolCall) => Promise<ToolOutcome> {
  const { policy, workspace, access, now } = options;
  const catalogue = catalogueOf(options.registry, policy);

  async function run(call: ToolCall): Promise<{ output: Record<string, unknown>; text: string }> {
    const { tool, principal } = call;
    const missing = policy.missing(principal.scopes, tool.scopes);
    if (missing.length > 0) throw insufficientScope(tool, missing);
    const input = parseInput(tool, call.input);
    if (call.signal.reason instanceof AppError) throw call.signal.reason;
    const deadline = withDeadline(call.signal, tool.timeoutMs);
    const context: ToolContext = Object.freeze({
      principal,
      workspace,
      access,
      catalogue,
      signal: deadline.signal,
      progress: call.progress,
      log: (message: string, properties: Record<string, unknown> = {}) =>
        options.log(message, { tool: tool.name, request_id: call.requestId, ...properties }),
      now,
    });
    try {
      return checkOutput(tool, await Promise.race([tool.handle(input, context), deadline.expired]));
    } finally {
      deadline.clear();
    }
  }

  return async (call) => {
    try {
      return { ok: true, ...await run(call) };
    } catch (thrown) {
      const cause = toAppError(thrown);
      return { ok: false, error: describe(cause, call), cause };
    }
  };
}

/** The refusal of a call for want of scopes; the transport answers the same before it gets here. */
export function insufficientScope(tool: Tool, missing: readonly string[]): AppError {
  return new AppError(
    "insufficient_scope",
    `The tool ${tool.name} needs the scope ${tool.scopes.join(" and ")}; ` +
      `the access token lacks ${missing.join(" and ")}`,
    {
      reason: "insufficient_scope",
      details: { tool: tool.name, required_scopes: tool.scopes, missing_scopes: missing },
    },
  );
}

/** The tool set as a handler may see it. */
export function catalogueOf(registry: Registry, policy: ScopePolicy): Catalogue {
  return Object.freeze({
    scopesOf: (principal: Principal) => policy.expand(principal.scopes),
    access: (principal: Principal) =>
      registry.tools.map(({ name, scopes }) => ({
        name,
        scopes,
        missing: policy.missing(principal.scopes, scopes),
      })),
  });
}

function parseInput(tool: Tool, input: unknown): unknown {
  const parsed = tool.input.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 20).map(describeIssue);
  throw new AppError(
    "invalid_input",
    `The arguments do not fit the input schema of ${tool.name}: ${problems.slice(0, 3).join("; ")}`,
    { details: { problems } },
  );
}

/** Names of unknown arguments are the caller's own text, so they are cut before they are said back. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join(".").slice(0, 128);
  const message = issue.message.slice(0, 200);
  return path === "" ? message : `${path}: ${message}`;
}

/** The output schema is a promise to the caller; a handler that breaks it has a bug, and the caller learns no more. */
function checkOutput(
  tool: Tool,
  output: unknown,
): { output: Record<string, unknown>; text: string } {
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

function withDeadline(outer: AbortSignal, timeoutMs: number) {
  const controller = new AbortController();
  const expired = Promise.withResolvers<never>();
  // A handler that throws before anybody waits must not leave a rejection behind.
  expired.promise.catch(() => {});
  const onAbort = () => {
    controller.abort(outer.reason);
    if (outer.reason instanceof AppError) expired.reject(outer.reason);
  };
  if (outer.aborted) onAbort();
  else outer.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => {
    const error = new AppError("timeout", `The tool did not finish within ${timeoutMs} ms`);
    controller.abort(error);
    expired.reject(error);
  }, timeoutMs);
  return {
    signal: controller.signal,
    expired: expired.promise,
    clear() {
      clearTimeout(timer);
      outer.removeEventListener("abort", onAbort);
    },
  };
}

function describe(cause: AppError, call: ToolCall): ToolError {
  const { required_scopes, missing_scopes } = (cause.details ?? {}) as Partial<ToolError>;
  const scoped = cause.code === "insufficient_scope";
  return {
    code: cause.code,
    message: cause.message,
    request_id: call.requestId,
    ...(scoped
      ? { required_scopes: required_scopes ?? [], missing_scopes: missing_scopes ?? [] }
      : {}),
    ...(!scoped && cause.details ? { details: cause.details } : {}),
  };
}
