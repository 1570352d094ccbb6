/** Answers the operator of this machine: admit, match, authenticate, answer. Nothing here is for agents or browsers. */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { AppError, toAppError } from "../../errors.ts";
import type { Logger } from "../../telemetry/log.ts";
import { admit } from "../admit.ts";
import type { Handler } from "../handler.ts";
import { RpcError } from "../message.ts";
import { pathOf } from "../routes.ts";
import { operatorRoutes } from "./routes.ts";
import type { OperatorRoute } from "./routes.ts";
import type { OperatorParts } from "./parts.ts";

export interface OperatorOptions {
  /** The port that it listens on, since a Host value has to name it. */
  readonly port: number;
  /** Hex SHA-256 of the credential; undefined refuses every one. */
  readonly tokenHash: string | undefined;
  /** Refusals of a caller are warnings: nobody else than the operator has business here. */
  readonly logger: Pick<Logger, "debug" | "warning">;
  /** Told of every error that is not ours, with its stack. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

const MAX_BODY_BYTES = 16 * 1024;
const CREDENTIAL = /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/** Builds the handler; it never throws. */
export function createOperatorHandler(parts: OperatorParts, options: OperatorOptions): Handler {
  const routes = operatorRoutes(parts);
  const names = ["127.0.0.1", "localhost", "[::1]"];
  const hosts = new Map(names.map((name) => [`${name}:${options.port}`, true]));

  async function answer(request: Request): Promise<Response> {
    const { url } = admit(request, { hosts, maxBodyBytes: MAX_BODY_BYTES });
    if (request.headers.has("origin")) {
      throw new AppError("forbidden", "Web pages have no business here", { reason: "origin" });
    }
    const [route, id] = match(routes, pathOf(request));
    const respond = Object.hasOwn(route.methods, request.method)
      ? route.methods[request.method]
      : undefined;
    if (respond === undefined) {
      throw new AppError("method_not_allowed", "That method is not offered here", {
        details: { allow: Object.keys(route.methods).join(", ") },
      });
    }
    if (route.access === "operator") requireOperator(request.headers, options.tokenHash);
    return await respond({ request, query: url.searchParams, id });
  }

  return async (request) => {
    const requestId = crypto.randomUUID();
    let response: Response;
    let reason = "ok";
    try {
      response = await answer(request);
    } catch (thrown) {
      const error = thrown instanceof RpcError ? malformed(thrown) : toAppError(thrown);
      if (error.cause !== undefined) options.onUnexpected(error.cause, requestId);
      response = refusal(error, requestId);
      reason = error.reason;
    }
    const { headers, status } = response;
    headers.set("x-request-id", requestId);
    headers.set("x-content-type-options", "nosniff");
    headers.set("cache-control", "no-store");
    const log = status === 401 || status === 403 ? options.logger.warning : options.logger.debug;
    log("operator request", {
      requestId,
      httpMethod: request.method.slice(0, 16),
      path: pathOf(request).slice(0, 128),
      status,
      reason,
    });
    return response;
  };
}

function match(routes: readonly OperatorRoute[], path: string): readonly [OperatorRoute, string] {
  for (const route of routes) {
    const found = route.path.exec(path);
    if (found) return [route, found[1] ?? ""];
  }
  throw new AppError("not_found", "There is nothing at this path");
}

/** Digests are compared, so that the time tells neither the length nor a common start. */
function requireOperator(headers: Headers, tokenHash: string | undefined): void {
  const sent = CREDENTIAL.exec(headers.get("authorization") ?? "")?.[1];
  if (sent === undefined) {
    throw new AppError("unauthorized", "Send the operator's token as a Bearer credential", {
      reason: "no_credential",
    });
  }
  const digest = createHash("sha256").update(sent).digest();
  if (tokenHash === undefined || !timingSafeEqual(digest, Buffer.from(tokenHash, "hex"))) {
    throw new AppError("unauthorized", "That is not the operator's token", {
      reason: "operator_token_mismatch",
    });
  }
}

/** The body is read as on the public listener, but nobody here speaks JSON-RPC. */
function malformed({ message, reason }: RpcError): AppError {
  return new AppError("invalid_request", message.replace(/^[A-Z][A-Za-z ]*: /, ""), { reason });
}

function refusal(error: AppError, requestId: string): Response {
  const headers = new Headers();
  if (error.status === 401) headers.set("www-authenticate", 'Bearer realm="gatehouse operator"');
  if (error.code === "method_not_allowed") headers.set("allow", String(error.details?.["allow"]));
  if (error.retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(error.retryAfterSeconds));
  }
  return Response.json({
    error: error.code === "unavailable" ? "temporarily_unavailable" : error.code,
    error_description: error.message,
    request_id: requestId,
  }, { status: error.status, headers });
}
