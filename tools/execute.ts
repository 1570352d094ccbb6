/** The one way a tool runs: scopes, input, a person's yes, intent, handler, output; a throw becomes a safe answer. */

import type { z } from "zod";
import { AppError, toAppError } from "../errors.ts";
import type { AccessControl } from "../auth/access_control.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { SubjectToken } from "../auth/subject_token.ts";
import type { AuditReader } from "../store/audit.ts";
import type { Workspace } from "../store/workspace.ts";
import { noUpstreams } from "../upstream/mod.ts";
import type { UpstreamCall, Upstreams } from "../upstream/mod.ts";
import { createHandle } from "./handle.ts";
import type { Measure } from "./handle.ts";
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
  /** Whether the client can put a question to a person; where it cannot, `confirm: true` among the arguments counts. */
  readonly canAsk: boolean;
  /** What the person said to a question of an earlier round about this very call. */
  readonly answer?: Answer | undefined;
  /** For upstreams that are called on the caller's behalf; it never gets to the handler. */
  readonly subject?: SubjectToken | undefined;
  /** Told of each request to an upstream. */
  readonly onUpstream?: (call: UpstreamCall) => void;
  progress(progress: Progress): Promise<void>;
  /**
   * Makes it durable that the tool is about to have its effect.
   *
   * @throws {AppError} `unavailable`, and then the tool must not run.
   */
  intend(): Promise<void>;
}

/** A person's answer, by the words of an elicitation, with the question that it is an answer to. */
export interface Answer {
  readonly action: "accept" | "decline" | "cancel";
  readonly question: string;
}

/** What came of a call; a failure is an answer too, made for a model to read. */
export type ToolOutcome =
  | { readonly ok: true; readonly output: Record<string, unknown>; readonly text: string }
  | {
    readonly ok: false;
    readonly error: ToolError;
    readonly cause: AppError;
    /** What a person has to be asked before the call can run; nothing has run yet. */
    readonly question?: string;
  };

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
  readonly audit: AuditReader;
  readonly access: AccessControl;
  /** Absent where none are configured. */
  readonly upstreams?: Upstreams;
  readonly now: () => Date;
  readonly log: (message: string, properties?: Record<string, unknown>) => void;
  readonly measure?: Measure;
}

/** UTF-16 units of JSON; a model cannot use more, and a client should not have to hold it. */
const MAX_OUTPUT_LENGTH = 1024 * 1024;
/** UTF-16 units; a person does not read more, and a question travels to the client and back. */
const MAX_QUESTION_LENGTH = 2000;

/** Builds the function that runs tools; it never throws. */
export function createExecutor(
  options: ExecutorOptions,
): (call: ToolCall) => Promise<ToolOutcome> {
  const { policy, workspace, audit, access, upstreams = noUpstreams, now } = options;
  const catalogue = catalogueOf(options.registry, policy);
  const handle = createHandle(options.measure);

  async function run(call: ToolCall): Promise<ToolOutcome> {
    const { tool, principal } = call;
    const missing = policy.missing(principal.scopes, tool.scopes);
    if (missing.length > 0) throw insufficientScope(tool, missing);
    const { input, confirmed } = parseInput(tool, call.input);
    if (call.signal.reason instanceof AppError) throw call.signal.reason;
    const deadline = withDeadline(call.signal, tool.timeoutMs);
    const { upstream, close } = upstreams.open({
      principal,
      subject: call.subject,
      egress: tool.egress,
      requestId: call.requestId,
      signal: deadline.signal,
      onCall: call.onUpstream,
    });
    const context: ToolContext = Object.freeze({
      principal,
      workspace,
      audit,
      access,
      catalogue,
      signal: deadline.signal,
      upstream,
      progress: call.progress,
      log: (message: string, properties: Record<string, unknown> = {}) =>
        options.log(message, { tool: tool.name, request_id: call.requestId, ...properties }),
      now,
    });
    try {
      if (tool.confirm !== undefined) {
        const asked = await Promise.race([tool.confirm(input, context), deadline.expired]);
        const question = checkQuestion(asked);
        if (!isConfirmed(question, call, confirmed)) return unconfirmed(question, call);
      }
      if (tool.effect !== "read") await call.intend();
      return checkOutput(tool, await handle(tool, input, context, deadline.expired));
    } finally {
      deadline.clear();
      close();
    }
  }

  return async (call) => {
    try {
      return await run(call);
    } catch (thrown) {
      return failure(toAppError(thrown), call);
    }
  };
}

/** A question that a person cannot read in full is none, so it is a bug of the tool and not cut. */
function checkQuestion(question: string): string {
  if (question.trim() !== "" && question.length <= MAX_QUESTION_LENGTH) {
    return sanitize(question).value;
  }
  throw new AppError("internal", "Internal error", {
    reason: "question_invalid",
    cause: new Error(`confirm() made a question of ${question.length} characters`),
  });
}

function failure(cause: AppError, call: ToolCall) {
  return { ok: false, error: describe(cause, call), cause } as const;
}

/**
 * A person's answer counts for the question that it was given to: where the store has changed since, what would happen
 * now is not what was agreed to. Where a person can be asked, the word of a model does not count.
 */
function isConfirmed(question: string, call: ToolCall, confirmed: boolean): boolean {
  const { canAsk, answer } = call;
  if (!canAsk) return confirmed;
  if (answer !== undefined && answer.action !== "accept") {
    throw new AppError(
      "confirmation_declined",
      "The person who was asked did not agree, so nothing was done; do not repeat the call unless they ask for it",
    );
  }
  return answer?.question === question;
}

function unconfirmed(question: string, call: ToolCall): ToolOutcome {
  const cause = new AppError(
    "confirmation_required",
    `${question}\n\nNothing has been done. Ask the person you work for whether this shall happen, and wait for the ` +
      "answer; if they agree, repeat the call with the same arguments and confirm: true",
  );
  return { ...failure(cause, call), question };
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

/** Takes apart what is the tool's and what is said about the call itself. */
function parseInput(tool: Tool, given: unknown): { input: unknown; confirmed: boolean } {
  const parsed = tool.input.safeParse(given ?? {});
  if (parsed.success) {
    if (tool.confirm === undefined) return { input: parsed.data, confirmed: false };
    const { confirm, ...input } = parsed.data;
    return { input, confirmed: confirm === true };
  }
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
function checkOutput(tool: Tool, output: unknown): ToolOutcome {
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
  return { ok: true, output: value, text };
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
