/** The one error type that Gatehouse throws on purpose, and the closed table of its codes. */

/** Every error code with the HTTP status that answers it; RFC 6749 and RFC 6750 names where one exists. */
export const ERROR_STATUS = {
  invalid_request: 400,
  unauthorized: 401,
  invalid_token: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  insufficient_scope: 403,
  forbidden: 403,
  confirmation_declined: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  request_timeout: 408,
  conflict: 409,
  payload_too_large: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  invalid_input: 422,
  confirmation_required: 428,
  rate_limited: 429,
  header_fields_too_large: 431,
  internal: 500,
  not_supported: 501,
  unavailable: 503,
  timeout: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** What an error carries beside its code and its message for the caller. */
export interface AppErrorOptions {
  /** The tagged cause (`aud_mismatch`, `kid_unknown`), for log and audit only. */
  reason?: string;
  /** Facts for the caller, safe to publish; a field error list, the id that was looked for. */
  details?: Record<string, unknown>;
  /** How long the caller should wait, in seconds. */
  retryAfterSeconds?: number;
  /** The original error; it never leaves the process. */
  cause?: unknown;
}

/**
 * A refusal or failure with a public face (`code`, `message`, `details`) and a private one (`reason`, `cause`).
 *
 * `message` is written by us for the caller and is safe to send; nothing else of a stranger's error is.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly reason: string;
  readonly details: Record<string, unknown> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = options.reason ?? code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** Turns anything thrown into an AppError; a stranger's error becomes `internal` and keeps its text private. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("internal", "Internal error", { reason: "unexpected", cause: thrown });
}
