/** What holds for every answer and every line of the log, whatever was sent. */

import type { Answer } from "./forms.ts";
import { isOurs } from "./forms.ts";

const MAX_REFUSAL_BYTES = 2048;

/** Stack frames, paths of files, and the words of libraries and runtimes. */
const STACK = /\n?\s+at [\w.<>[\] ]+ ?\(|\bat (async )?file:|\.[mc]?[jt]sx?:\d+/;
const PATHS = /node_modules|file:\/\/|\/(work|root|home|tmp|usr|proc)\//;
const LIBRARIES =
  /\bERR_[A-Z]|\bJW[SETK][A-Z]\w+|Zod|(Syntax|Type|Range|Reference)Error|Unexpected token|\bjose\b|\bSDK\b|\bBun\b|\bDeno\b/;

/** What is wrong with one answer, its expectation aside. */
export function faultsOfOutcome(answer: Answer, secrets: readonly string[]): string[] {
  const { response, json, record } = answer;
  const faults: string[] = [];
  const whole = `${response.statusLine}\n${
    response.headers.map(([name, value]) => `${name}: ${value}`).join("\n")
  }\n\n${response.body}`;
  for (const pattern of [STACK, PATHS, LIBRARIES]) {
    const found = pattern.exec(whole);
    if (found) faults.push(`the answer tells ${JSON.stringify(found[0])}`);
  }
  if (fragmentIn(whole, secrets)) faults.push("the answer has a piece of a token");
  for (const [name, value] of response.headers) {
    if (!/^[\x20-\x7E]*$/.test(value)) faults.push(`${name} is not printable`);
  }
  if (response.status >= 400 && response.body.length > MAX_REFUSAL_BYTES) {
    faults.push(`the refusal has ${response.body.length} characters`);
  }
  if (!isOurs(response)) return faults;

  const requestId = response.header("x-request-id");
  if (record === undefined) faults.push("the request left no record");
  else {
    if (record.status !== response.status) faults.push(`the record says ${record.status}`);
    const decisions = response.status >= 500 ? ["fail"] : response.status >= 400
      ? ["deny"]
      // A refusal that JSON-RPC answers, such as of a tool that there is not.
      : ["allow", ...(record.reason === "ok" ? [] : ["deny"])];
    if (!decisions.includes(record.decision)) faults.push(`the record says ${record.decision}`);
  }
  if (response.status >= 400 && record?.httpMethod !== "HEAD") {
    const told = json?.["request_id"] ?? requestIdOfError(json);
    if (told !== requestId) faults.push(`the body's request_id is ${told}`);
  }
  const isPublic = /^public, max-age=\d+$/.test(response.header("cache-control") ?? "") &&
    response.status === 200 && record?.path.startsWith("/.well-known/");
  if (!isPublic && !response.header("cache-control")?.includes("no-store")) {
    faults.push("Cache-Control is not no-store");
  }
  if (response.header("x-content-type-options") !== "nosniff") faults.push("nosniff is missing");
  if (
    response.status === 401 && !response.header("www-authenticate")?.includes("resource_metadata=")
  ) faults.push("a 401 does not name the metadata");
  return faults;
}

function requestIdOfError(json: Answer["json"]): unknown {
  const error = json?.["error"] as { data?: { request_id?: unknown } } | undefined;
  return error?.data?.request_id;
}

/** What is wrong with lines of the log: no tokens, no stacks, one line for each record, no errors that surprised us. */
export function faultsOfLog(log: string, secrets: readonly string[]): string[] {
  const faults: string[] = [];
  if (fragmentIn(log, secrets)) faults.push("the log has a piece of a token");
  const stack = STACK.exec(log);
  if (stack) faults.push(`the log has a stack: ${log.slice(stack.index, stack.index + 200)}`);
  for (const line of log.split("\n")) {
    if (line === "") continue;
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    if (/[\x00-\x1F\x7F-\x9F\u2028\u2029\u202E]/.test(line)) {
      faults.push(`a line of the log has control characters: ${JSON.stringify(line)}`);
    }
    let level: unknown;
    try {
      level = JSON.parse(line)["level"];
    } catch {
      faults.push(`a line of the log is no JSON: ${line.slice(0, 200)}`);
    }
    if (level === "ERROR") faults.push(`an unexpected error: ${line.slice(0, 500)}`);
  }
  return faults;
}

const FRAGMENT = 20;

/** Whether a text has twenty characters in a row of a token's payload or signature; headers are no secret. */
function fragmentIn(text: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => {
    const [, payload = "", signature = ""] = secret.split(".");
    return [
      payload.slice(-FRAGMENT),
      payload.slice(60, 60 + FRAGMENT),
      signature.slice(0, FRAGMENT),
    ]
      .some((piece) => piece.length === FRAGMENT && text.includes(piece));
  });
}
