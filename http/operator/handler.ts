/** Answers the operator of this machine: admit, match, authenticate, answer. Nothing here is for agents or browsers. */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { AppError, toAppError } from "../../errors.ts";
import type { AuditEvent } from "../../store/audit.ts";
import type { Logger } from "../../telemetry/log.ts";
import { httpMethodLabel } from "../../telemetry/methods.ts";
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
  readonly now: () => Date;
}

const MAX_BODY_BYTES = 16 * 1024;
const CREDENTIAL = /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/** Builds the handler; it never throws. */
export function createOperatorHandler(parts: OperatorParts, options: OperatorOptions): Handler {
  const routes = operatorRoutes(parts);
  const names = ["127.0.0.1", "localhost", "[::1]"];
  const hosts = new Map(names.map((name) => [`${name}:${options.port}`, true]));

  async function answer(asked: Asked): Promise<Response> {
    const { request } = asked;
    const { url } = admit(request, { hosts, maxBodyBytes: MAX_BODY_BYTES });
    if (request.headers.has("origin")) {
      throw new AppError("forbidden", "Web pages have no business here", { reason: "origin" });
    }
    const [route, id] = match(routes, pathOf(request));
    asked.route = route;
    const respond = Object.hasOwn(route.methods, request.method)
      ? route.methods[request.method]
      : undefined;
    if (respond === undefined) {
      throw new AppError("method_not_allowed", "That method is not offered here", {
        details: { allow: Object.keys(route.methods).join(", ") },
      });
    }
    if (route.access === "operator") {
      requireOperator(request.headers, options.tokenHash);
      asked.byOperator = true;
    }
    return await respond({ request, query: url.searchParams, id });
  }

  function record(asked: Asked, peer: string, status: number, reason: string): void {
    const { id, startedAt, request, route, byOperator } = asked;
    const isRefusal = status === 401 || status === 403;
    const httpMethod = httpMethodLabel(request.method);
    const path = route?.name ?? "other";
    const log = isRefusal ? options.logger.warning : options.logger.debug;
    log("operator request", { requestId: id, httpMethod, path, status, reason });
    if (!byOperator && !isRefusal) return;
    const event: AuditEvent = {
      event: "operator.request",
      time: startedAt.toISOString(),
      decision: status >= 500 ? "fail" : status >= 400 ? "deny" : "allow",
      reason,
      ...(byOperator && { actor: "operator" }),
      request: { id, peer, httpMethod, path },
      outcome: { status },
    };
    if (byOperator) parts.recorder.record(event);
    else parts.recorder.refuse(event);
  }

  return async (request, peer) => {
    const asked: Asked = { id: crypto.randomUUID(), startedAt: options.now(), request };
    let response: Response;
    let reason = "ok";
    try {
      response = await answer(asked);
    } catch (thrown) {
      const error = thrown instanceof RpcError ? malformed(thrown) : toAppError(thrown);
      if (error.cause !== undefined) options.onUnexpected(error.cause, asked.id);
      response = refusal(error, asked.id);
      reason = error.reason;
    }
    const { headers, status } = response;
    headers.set("x-request-id", asked.id);
    headers.set("x-content-type-options", "nosniff");
    headers.set("cache-control", "no-store");
    record(asked, peer, status, reason);
    return response;
  };
}

/** One request, with what is known of it by and by. */
interface Asked {
  readonly id: string;
  readonly startedAt: Date;
  readonly request: Request;
  route?: OperatorRoute;
  /** Whether it had the credential. */
  byOperator?: boolean;
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
