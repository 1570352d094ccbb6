/** The short forms of expected answers: 401b, 401i, 400a, 403s, 403o, 400m, 400p, 400r, isErr and their like. */

import type { RawExchange, RawResponse } from "./raw.ts";
import type { RequestRecord } from "./target.ts";

/** One answer of the server with the record that it left. */
export interface Answer {
  readonly response: RawResponse;
  /** The body as JSON, from a stream its last message; undefined where it is none. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly record: RequestRecord | undefined;
  /** The metadata document's URL that challenges must name. */
  readonly metadataUrl: string;
}

/** Says what is not as the form has it; undefined where all is. */
type Check = (answer: Answer) => string | undefined;

const DESCRIPTION = "The access token is invalid or expired";

/** The forms of answers that our code gives. */
export const FORMS = {
  /** No credential: a challenge without an error code (RFC 6750 section 3.1). */
  "401b": all(status(401), oauthError("unauthorized"), challenge(undefined)),
  /** A bad token, whatever is bad about it: one description for all. */
  "401i": all(
    status(401),
    oauthError("invalid_token", DESCRIPTION),
    challenge("invalid_token", DESCRIPTION),
  ),
  /** A malformed credential, or more than one. */
  "400a": all(status(400), oauthError("invalid_request"), challenge("invalid_request")),
  "403s": all(
    status(403),
    oauthError("insufficient_scope"),
    challenge("insufficient_scope"),
    ({ json }) =>
      Array.isArray(json?.["required_scopes"]) && Array.isArray(json["missing_scopes"]) &&
        ["tool", "resource", "prompt"].some((kind) => typeof json[kind] === "string")
        ? undefined
        : "the body does not name what was refused and the scopes",
  ),
  /** A Host or an Origin that is not ours: nothing is echoed, and no page may read it. */
  "403o": all(status(403), oauthError("forbidden"), noChallenge, ({ response, json }) => {
    if (response.header("access-control-allow-origin") !== undefined) return "it allows an origin";
    const echo = Object.keys(json ?? {}).sort().join() !== "error,error_description,request_id";
    return echo ? "the body has more than our own words" : undefined;
  }),
  "400m": rpcError(400, -32020),
  "400p": rpcError(400, -32700),
  "400r": rpcError(400, -32600),
  "400i": rpcError(400, -32602),
  "400v": rpcError(400, -32022),
  /** A method that there is not. */
  "404r": rpcError(404, -32601),
  /** An error of the protocol inside a successful exchange. */
  "200i": rpcError(200, -32602),
  "200r": rpcError(200, -32601),
  /** The tool refused, or never began. */
  "isErr": all(status(200), ({ json, record }) => {
    const result = json?.["result"] as Record<string, unknown> | undefined;
    if (result?.["isError"] !== true) return "the result is no error";
    return record?.reason === "ok" ? "the tool ran" : undefined;
  }),
  /** The call succeeded. */
  "200": all(status(200), ({ json, record }) => {
    const result = json?.["result"] as Record<string, unknown> | undefined;
    if (result === undefined || result["isError"] === true) return "the call did not succeed";
    return record?.reason === "ok" ? undefined : "the record does not say ok";
  }),
  /** A result of any method, or of none that was refused. */
  "200any": all(
    status(200),
    ({ json }) => json?.["result"] === undefined ? "there is no result" : undefined,
  ),
  /** A public document. */
  "200doc": status(200),
  "202": status(202),
  "204": status(204),
  "404": all(status(404), oauthError("not_found"), noChallenge),
  "405": all(
    status(405),
    oauthError("method_not_allowed"),
    ({ response }) => response.header("allow") === undefined ? "Allow is missing" : undefined,
  ),
  "405head": status(405),
  "406": all(status(406), oauthError("not_acceptable")),
  "408": all(status(408), oauthError("request_timeout")),
  "400b": all(status(400), oauthError("invalid_request"), noChallenge),
  "413": all(status(413), oauthError("payload_too_large")),
  "414": all(status(414), oauthError("uri_too_long")),
  "415": all(status(415), oauthError("unsupported_media_type")),
  "431": all(status(431), oauthError("header_fields_too_large")),
  "503": all(
    status(503),
    oauthError("temporarily_unavailable"),
    noChallenge,
    ({ response }) =>
      response.header("retry-after") === undefined ? "Retry-After is missing" : undefined,
  ),
} satisfies Record<string, Check>;

/**
 * What may come of a request: a form; `runtime:N`, a status that the runtime answers by itself before our code sees the
 * request; `closed`, the connection ends without an answer; `waiting`, the server waits for more.
 */
export type Form = keyof typeof FORMS | `runtime:${number}` | "closed" | "waiting";

/** Whether our code wrote an answer. */
export function isOurs(response: RawResponse): boolean {
  return response.header("x-request-id") !== undefined;
}

/** Compares what came, answer by answer, with the forms allowed for each. */
export function compare(
  forms: readonly (readonly Form[])[],
  outcome: RawExchange,
  answers: readonly Answer[],
): string | undefined {
  for (const [index, allowed] of forms.entries()) {
    const answer = answers[index];
    const faults = allowed.map((form) => fault(form, answer, outcome));
    if (faults.includes(undefined)) continue;
    return `expected ${allowed.join(" or ")}, got ${describe(answer, outcome)}: ${
      faults.join("; ")
    }`;
  }
  const surplus = answers[forms.length];
  return surplus && `an answer too many: ${describe(surplus, outcome)}`;
}

function fault(form: Form, answer: Answer | undefined, outcome: RawExchange): string | undefined {
  if (form === "closed" || form === "waiting") {
    return answer === undefined && outcome.end === form ? undefined : `not ${form}`;
  }
  if (answer === undefined) return "no answer";
  if (!form.startsWith("runtime:")) {
    return isOurs(answer.response)
      ? FORMS[form as keyof typeof FORMS](answer)
      : "not an answer of ours";
  }
  if (isOurs(answer.response)) return "an answer of ours";
  return answer.response.status === Number(form.slice(8)) ? undefined : "another status";
}

export function describe(answer: Answer | undefined, outcome: RawExchange): string {
  if (answer === undefined) return `nothing, ${outcome.end} after ${outcome.milliseconds} ms`;
  const { response, record } = answer;
  const challenge = response.header("www-authenticate");
  return `${response.statusLine} (${record?.reason ?? "no record"}) ${
    challenge === undefined ? "" : `[${challenge}] `
  }${response.body.slice(0, 300)}`;
}

/** The body of an answer as JSON; of an event stream, its last message. */
export function readJson(response: RawResponse): Answer["json"] {
  const stream = response.header("content-type")?.startsWith("text/event-stream");
  const text = stream
    ? response.body.split("\n").filter((line) => line.startsWith("data:")).at(-1)?.slice(5) ?? ""
    : response.body;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function all(...checks: readonly Check[]): Check {
  return (answer) => {
    for (const check of checks) {
      const fault = check(answer);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

function status(expected: number): Check {
  return ({ response }) => response.status === expected ? undefined : `not ${expected}`;
}

/** The one body of an HTTP refusal. */
function oauthError(code: string, description?: string): Check {
  return ({ json, response }) => {
    if (!response.header("content-type")?.startsWith("application/json")) return "not JSON";
    if (json?.["error"] !== code) return `the error is not ${code}`;
    const said = json["error_description"];
    if (typeof said !== "string" || said === "") return "no error_description";
    return description === undefined || said === description ? undefined : "another description";
  };
}

/** RFC 6750 section 3 and RFC 9728 section 5.1: Bearer first, each parameter once and quoted. */
function challenge(error: string | undefined, description?: string): Check {
  return ({ response, metadataUrl }) => {
    const values = response.headers.filter(([name]) => name.toLowerCase() === "www-authenticate");
    const header = values[0]?.[1] ?? "";
    if (!/^Bearer [a-z_]+="[^"]*"(, [a-z_]+="[^"]*")*$/.test(header)) return "no Bearer challenge";
    const said = new Map(
      [...header.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    if (said.get("error") !== error) return `the challenge's error is not ${error}`;
    if (description !== undefined && said.get("error_description") !== description) {
      return "the challenge has another description";
    }
    return said.get("resource_metadata") === metadataUrl
      ? undefined
      : "the challenge does not name the metadata";
  };
}

function noChallenge({ response }: Answer): string | undefined {
  return response.header("www-authenticate") === undefined ? undefined : "there is a challenge";
}

function rpcError(expected: number, code: number): Check {
  return all(status(expected), ({ json }) => {
    const error = json?.["error"] as Record<string, unknown> | undefined;
    if (json?.["jsonrpc"] !== "2.0" || error === undefined) return "no JSON-RPC error";
    if ("id" in json && json["id"] === null) return "the id is null";
    return error["code"] === code ? undefined : `not ${code}`;
  });
}
