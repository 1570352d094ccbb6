/** Starts the operator listener, and keeps the token that opens it. */

import { createHash, randomBytes } from "node:crypto";
import { AppError } from "../errors.ts";
import { isLoopbackHost } from "../auth/fetch_json.ts";
import { listen } from "../http/listen.ts";
import type { Listener } from "../http/listen.ts";
import { createOperatorHandler } from "../http/operator/handler.ts";
import type { OperatorParts } from "../http/operator/parts.ts";
import { describeLocation } from "../store/mod.ts";
import type { SecretStore } from "../store/mod.ts";
import { readOrCreatePrivateFile } from "../store/private_file.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Config } from "./config_schema.ts";
import { privatePath } from "./embedded.ts";
import { isShared } from "./shared_keys.ts";

/** It is for this machine: who is elsewhere comes through a tunnel. */
export const OPERATOR_HOST = "127.0.0.1";
const TOKEN_FILE = "gatehouse.operator.json";
const SECRET_NAME = "operator_token";
const TOKEN_BYTES = 32;

/**
 * Starts the listener where the configuration has a port for it. `secrets` are those of the store.
 *
 * @throws {AppError} `unavailable` where the port cannot be had, or the token's file cannot be used.
 */
export async function startOperator(
  config: Config,
  { secrets, ...parts }: OperatorParts & { readonly secrets: SecretStore },
  logger: Logger,
  host = OPERATOR_HOST,
): Promise<Listener | undefined> {
  const { port, tokenHash = await ownTokenHash(config, secrets) } = config.operator;
  if (port === undefined) return undefined;
  if (!isLoopbackHost(host)) {
    throw new AppError("invalid_request", `The operator listener does not listen on ${host}`);
  }
  const listener = listen({ host, port, handler: (request, peer) => handle(request, peer) });
  const handle = createOperatorHandler(parts, {
    port: listener.port,
    tokenHash,
    logger,
    now: () => new Date(),
    onUnexpected: (error, requestId) =>
      logger.error("unexpected error", { request_id: requestId, error: String(error) }),
  });
  return listener;
}

/**
 * Returns the token of the operator of this store, made on the first run; undefined for a store in memory.
 *
 * @throws {AppError} `unavailable` for a file that others can read, that cannot be read, or that is malformed.
 */
async function operatorToken(config: Config, secrets: SecretStore): Promise<string | undefined> {
  if (isShared(config.store)) {
    const token = await secrets.keep(SECRET_NAME, newToken());
    if (isToken(token)) return token;
    throw malformed(`The secret ${SECRET_NAME} in ${describeLocation(config.store)}`);
  }
  const path = privatePath(config.store, TOKEN_FILE);
  if (path === undefined) return undefined;
  const text = await readOrCreatePrivateFile(
    path,
    () => Promise.resolve(JSON.stringify({ token: newToken() }, null, 2) + "\n"),
  );
  const token = tokenIn(text);
  if (isToken(token)) return token;
  throw malformed(`The key file ${path}`);
}

async function ownTokenHash(config: Config, secrets: SecretStore): Promise<string | undefined> {
  if (config.operator.port === undefined) return undefined;
  const token = await operatorToken(config, secrets);
  return token && createHash("sha256").update(token).digest("hex");
}

function newToken(): string {
  return `gho_${randomBytes(TOKEN_BYTES).toString("base64url")}`;
}

function isToken(token: unknown): token is string {
  return typeof token === "string" && /^gho_[A-Za-z0-9_-]{43}$/.test(token);
}

function tokenIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { token?: unknown }).token;
  } catch {
    return undefined;
  }
}

function malformed(place: string): AppError {
  return new AppError(
    "unavailable",
    `${place} is malformed; remove it to get a new operator token`,
    {
      reason: "key_file_malformed",
    },
  );
}
