/** Turns an HTTP refusal into what a host can show: the server's own JSON-RPC error, or one that says what was refused. */

import { isObject } from "../../http/params.ts";
import { addressOf } from "../printable.ts";
import { textOf } from "./answers.ts";
import { challengeOf } from "./challenge.ts";
import type { Challenge } from "./challenge.ts";
import type { Exchanged } from "./exchange.ts";
import { BRIDGE_ERROR, errorText } from "./messages.ts";
import type { RequestId } from "./messages.ts";

const MAX_BODY = 64 * 1024;
const MAX_TEXT = 500;

/** Reads a refusal and returns the text of the response to the request. */
export async function refusalText(
  id: RequestId,
  { response, grant }: Exchanged,
  resource: URL,
): Promise<string> {
  const { status, headers } = response;
  const challenge = await challengeOf(response);
  const body = parse(await textOf(response, MAX_BODY).catch(() => ""));
  if (isObject(body["error"]) && typeof body["error"]["code"] === "number") {
    return JSON.stringify({ jsonrpc: "2.0", id, error: body["error"] });
  }
  const requestId = body["request_id"] ?? headers.get("x-request-id") ?? undefined;
  const scopes = status === 403 && challenge.error === "insufficient_scope"
    ? scopesOf(body, challenge, grant?.scopes ?? [])
    : undefined;
  const said = describe(body["error_description"] ?? body["error"]);
  return errorText(id, BRIDGE_ERROR, messageFor({ response, resource, said, scopes }), {
    http_status: status,
    ...(typeof body["error"] === "string" ? { error: describe(body["error"]) } : {}),
    ...scopes,
    ...(headers.has("retry-after") ? { retry_after: headers.get("retry-after") } : {}),
    ...(typeof requestId === "string" ? { request_id: requestId.slice(0, MAX_TEXT) } : {}),
  });
}

interface Refused {
  readonly response: Response;
  readonly resource: URL;
  readonly said: string;
  readonly scopes: { readonly missing_scopes: readonly string[] } | undefined;
}

function messageFor({ response, resource, said, scopes }: Refused): string {
  const { status, headers } = response;
  const because = said === "" ? "" : `: ${said}`;
  if (scopes) {
    return `Forbidden${because}. Missing scopes: ${scopes.missing_scopes.join(" ")}; ` +
      "the issuer does not grant them to this client";
  }
  if (status === 401) {
    return `The server does not accept the access token${because}; is the client still registered for it?`;
  }
  if (status >= 300 && status < 400) {
    const to = headers.get("location") ?? "elsewhere";
    return `The server redirects to ${describe(to)}, which is not followed with a credential; ` +
      "give that URL, if you trust it";
  }
  if (status === 404) return `There is nothing at ${addressOf(resource)} (404)${because}`;
  const wait = headers.get("retry-after");
  const unit = /^\d+$/.test(wait ?? "") ? " seconds" : "";
  const later = wait === null ? "" : `; try again after ${describe(wait)}${unit}`;
  return `The server refused the request with status ${status}${because}${later}`;
}

/** What the server says of the scopes; a server that names only the challenge's leaves the rest to be worked out. */
function scopesOf(
  body: Readonly<Record<string, unknown>>,
  challenge: Challenge,
  granted: readonly string[],
) {
  const required = texts(body["required_scopes"]) ?? challenge.scopes;
  const missing = texts(body["missing_scopes"]) ??
    required.filter((scope) => !granted.includes(scope));
  return { required_scopes: required, missing_scopes: missing };
}

function texts(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  return isList ? value : undefined;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function describe(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MAX_TEXT) : "";
}
