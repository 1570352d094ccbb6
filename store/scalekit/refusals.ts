/** What Scalekit's errors become: our codes and our words, with their code and request id, and nothing else of theirs. */

import { AppError, type ErrorCode } from "../../errors.ts";
import type { HttpAnswer } from "./exchange.ts";
import type { Json } from "./values.ts";

/** What of an error is passed on: marked as theirs, short, and from alphabets that prose does not fit into. */
export interface ErrorFacts {
  readonly code?: string;
  readonly requestId?: string;
  /** Fields that the request had; what else they may be called is not repeated. */
  readonly fields: readonly string[];
}

const CODE = /^[A-Z][A-Z0-9_]{1,47}$/;
const REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;
const MAX_DETAILS = 10;

/** Reads the facts of an error; whatever is not what the API documents is as if it were not there. */
export function readError({ body }: Pick<HttpAnswer, "body">, sent: unknown): ErrorFacts {
  const details = Array.isArray(body["details"]) ? body["details"].slice(0, MAX_DETAILS) : [];
  const info = details.map(asObject).find((detail) => detail["error_code"] !== undefined) ?? {};
  const code = info["error_code"];
  const requestId = asObject(info["request_info"])["request_id"];
  const violations = asObject(info["validation_error_info"])["field_violations"];
  const known = fieldNames(sent);
  const fields = (Array.isArray(violations) ? violations.slice(0, MAX_DETAILS) : [])
    .map((violation) => String(asObject(violation)["field"]).split(".").at(-1)!)
    .filter((field) => known.has(field));
  return {
    ...(typeof code === "string" && CODE.test(code) && { code }),
    ...(typeof requestId === "string" && REQUEST_ID.test(requestId) && { requestId }),
    fields: [...new Set(fields)],
  };
}

/** Makes the error of a call; `missing` is what a 404 means there. */
export function refusalOf(
  answer: HttpAnswer,
  call: { readonly body?: unknown; readonly missing: () => AppError },
  retryAfterSeconds: number | undefined,
): AppError {
  const { code, requestId, fields } = readError(answer, call.body);
  const details = {
    upstream: "scalekit",
    upstreamStatus: answer.status,
    ...(code !== undefined && { upstreamCode: code }),
    ...(requestId !== undefined && { upstreamRequestId: requestId }),
  };
  if (answer.status === 404) {
    const { code: meaning, message, reason, details: ours } = call.missing();
    return new AppError(meaning, message, { reason, details: { ...ours, ...details } });
  }
  const [errorCode, message] = MEANINGS[answer.status] ??
    (answer.status < 500 ? REFUSED : FAILED);
  const named = answer.status === 400 && fields.length > 0
    ? `${message}. It refuses: ${fields.join(", ")}`
    : message;
  return new AppError(errorCode, named, {
    reason: `scalekit_${answer.status}`,
    details: { ...details, ...(fields.length > 0 && { fields }) },
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** No answer at all, or none that can be used. */
export function noAnswer(cause: unknown): AppError {
  return new AppError("unavailable", "The Scalekit API cannot be reached; try again later", {
    reason: "scalekit_unreachable",
    details: { upstream: "scalekit" },
    cause,
  });
}

/** The configured credentials are refused; the caller can do nothing about it. */
export function notSignedIn(cause?: unknown): AppError {
  return new AppError(
    "unavailable",
    "The Scalekit API refuses the credentials that are configured for this environment; tell the operator of this server",
    { reason: "scalekit_credentials", details: { upstream: "scalekit" }, cause },
  );
}

const REFUSED: readonly [ErrorCode, string] = [
  "invalid_input",
  "Scalekit refuses the call; check its values against the description of the tool",
];
const FAILED: readonly [ErrorCode, string] = [
  "unavailable",
  "The Scalekit API has failed; look whether the call had its effect before it is repeated",
];
const MEANINGS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: REFUSED,
  403: [
    "forbidden",
    "Scalekit does not let the client of this environment do that; the operator of this server can look at its permissions",
  ],
  409: [
    "conflict",
    "Scalekit says that this clashes with what is there; read the current state, then change the call",
  ],
  429: [
    "rate_limited",
    "The environment has used up its calls to Scalekit for now; wait, then repeat the call",
  ],
  501: ["not_supported", "The Scalekit API does not offer this for this environment"],
};

function asObject(value: unknown): Json {
  return value !== null && typeof value === "object" ? value as Json : {};
}

function fieldNames(value: unknown, names = new Set<string>()): Set<string> {
  if (Array.isArray(value)) { for (const item of value) fieldNames(item, names); }
  else if (value !== null && typeof value === "object") {
    for (const [name, member] of Object.entries(value)) {
      names.add(name);
      fieldNames(member, names);
    }
  }
  return names;
}
