/** Errors of the protocol in our words; the request's id in their data tells them from those of the SDK. */

import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { AppError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";

export function invalidParams(exchange: Exchange, message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message, { request_id: exchange.id });
}

/** What a failed read is answered with; `uri` is what a resource was looked for by. */
export function readFailure(error: AppError, exchange: Exchange, uri?: string): ProtocolError {
  const data = { request_id: exchange.id };
  switch (error.code) {
    case "not_found":
      return invalidParamsWith(error, uri === undefined ? data : { ...data, uri });
    case "invalid_input":
      return invalidParamsWith(error, data);
    case "insufficient_scope":
      return new ProtocolError(ProtocolErrorCode.InvalidRequest, error.message, {
        ...data,
        ...error.details,
      });
    default:
      return new ProtocolError(ProtocolErrorCode.InternalError, error.message, {
        ...data,
        code: error.code,
      });
  }
}

function invalidParamsWith(error: AppError, data: Record<string, unknown>): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, error.message, data);
}
