/** The one way a tool runs: scopes, input, a former outcome, a person's yes, intent, handler; a throw becomes a safe answer. */

import { AppError, toAppError } from "../errors.ts";
import type { AccessControl } from "../auth/access_control.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { SubjectToken } from "../auth/subject_token.ts";
import type { AuditReader } from "../store/audit.ts";
import type { IdempotencyStore } from "../store/idempotency.ts";
import type { Workspace } from "../store/workspace.ts";
import { noUpstreams } from "../upstream/mod.ts";
import type { UpstreamCall, Upstreams } from "../upstream/mod.ts";
import type { CallLimits } from "./access_explanation.ts";
import { catalogueOf } from "./catalogue.ts";
import { parseArguments } from "./call_arguments.ts";
import { withDeadline } from "./deadline.ts";
import type { Deadline } from "./deadline.ts";
import { createHandle } from "./handle.ts";
import type { Measure } from "./handle.ts";
import { createHints } from "./hints.ts";
import { createIdempotency } from "./idempotency.ts";
import type { OnceOnly, Replay } from "./idempotency.ts";
import { checkOutput } from "./output.ts";
import type { Output } from "./output.ts";
import { sanitize } from "./sanitize.ts";
import type { Progress, Registry, Tool, ToolContext } from "./registry.ts";

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

/** The result of a call, with what is said beside it. */
export interface ToolSuccess extends Output {
  readonly ok: true;
  /** What usually comes next; for a model. */
  readonly hint?: string;
  /** RFC 3339: the call was made before, that is when it was done, and it was not done again. */
  readonly replayedFrom?: string;
}

/** What came of a call; a failure is an answer too, made for a model to read. */
export type ToolOutcome =
  | ToolSuccess
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
  readonly idempotency: IdempotencyStore;
  /** How long a repeated call waits for the first one, in milliseconds. */
  readonly idempotencyWaitMs?: number;
  readonly measure?: Measure;
  /** What `explain_access` tells of them; absent where limits are switched off. */
  readonly limits?: CallLimits | undefined;
}

/** UTF-16 units; a person does not read more, and a question travels to the client and back. */
const MAX_QUESTION_LENGTH = 2000;

/** Builds the function that runs tools; it never throws. */
export function createExecutor(
  options: ExecutorOptions,
): (call: ToolCall) => Promise<ToolOutcome> {
  const { policy, workspace, audit, access, upstreams = noUpstreams, now } = options;
  const catalogue = catalogueOf(options.registry, policy, options.limits);
  const handle = createHandle(options.measure);
  const onceOnly = createIdempotency({
    store: options.idempotency,
    now,
    log: options.log,
    ...(options.idempotencyWaitMs !== undefined && { waitMs: options.idempotencyWaitMs }),
  });
  const hintFor = createHints(
    options.registry,
    policy,
    (error, tool) => options.log("a hint failed", { tool: tool.name, error: String(error) }),
  );

  function success(call: ToolCall, input: unknown, result: Output | Replay): ToolOutcome {
    const hint = hintFor({ ...call, input }, result.output);
    return { ok: true, ...result, ...(hint !== undefined && { hint }) };
  }

  async function run(call: ToolCall): Promise<ToolOutcome> {
    const { tool, principal } = call;
    const missing = policy.missing(principal.scopes, tool.scopes);
    if (missing.length > 0) throw insufficientScope(tool, missing);
    const { input, confirmed, idempotencyKey } = parseArguments(tool, call.input);
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
      const once = idempotencyKey === undefined
        ? undefined
        : onceOnly({ ...call, input, idempotencyKey });
      // What has been done needs no yes any more, and no intent.
      const earlier = await once?.find(deadline.signal);
      if (earlier) return success(call, input, earlier);
      if (tool.confirm !== undefined) {
        const asked = await deadline.within(tool.confirm(input, context));
        const question = checkQuestion(asked);
        if (!isConfirmed(question, call, confirmed)) return unconfirmed(question, call);
      }
      const meanwhile = await once?.claim(deadline.signal);
      if (meanwhile) return success(call, input, meanwhile);
      await begin(call, deadline, once);
      const work = async () => checkOutput(tool, await tool.handle(input, context));
      const settled = once === undefined ? work : () => once.settle(work());
      return success(call, input, await handle(tool, settled, deadline.expired));
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

/**
 * Puts on record that the call is about to have its effect. A question, or the wait for an equal call, takes time, in which
 * access or the deadline may have ended; and a key must not stay taken for a call that was never made.
 */
async function begin(
  call: ToolCall,
  deadline: Deadline,
  once: OnceOnly | undefined,
): Promise<void> {
  try {
    await deadline.within(call.tool.effect === "read" ? undefined : call.intend());
  } catch (error) {
    await once?.release();
    throw error;
  }
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
export function insufficientScope(
  { name, scopes }: Pick<Tool, "name" | "scopes">,
  missing: readonly string[],
  kind: "tool" | "resource" | "prompt" = "tool",
): AppError {
  return new AppError(
    "insufficient_scope",
    `The ${kind} ${name} needs the scope ${scopes.join(" and ")}; ` +
      `the access token lacks ${missing.join(" and ")}`,
    {
      reason: "insufficient_scope",
      details: { [kind]: name, required_scopes: scopes, missing_scopes: missing },
    },
  );
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
