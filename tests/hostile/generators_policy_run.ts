/** Sends what the policy table speaks of, and reduces the answers to its words. */

import { streamMessages } from "../support/pipeline.ts";
import { requestOf } from "./generators_policy.ts";
import type { Attempt, Credential, Targets, Verdict } from "./generators_policy.ts";

/** The token of each credential; none for `no token`. */
export type Tokens = Readonly<Record<Credential, string | undefined>>;

/** The request of an attempt, for fetch() or for a Request. */
export function initOf(attempt: Attempt, tokens: Tokens, targets: Targets, unique: number) {
  const { headers, body } = requestOf(attempt, targets, unique);
  const token = tokens[attempt.credential];
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  return { method: "POST", headers, body };
}

/** Reduces an answer to what the table speaks of. */
export async function verdictIn(response: Response): Promise<Verdict> {
  const challenge = response.headers.get("www-authenticate");
  const { status } = response;
  const body = await firstMessage(response);
  const { error, result, method } = body ?? {};
  const answer = result !== undefined
    ? "result"
    : method === "notifications/subscriptions/acknowledged"
    ? "stream"
    : status === 202 && body === undefined
    ? "accepted"
    : error?.code === -32601
    ? "unknown method"
    : undefined;
  return {
    status,
    ...(typeof error === "string" && { error }),
    ...(challenge !== null && { challenge: /error="(\w+)"/.exec(challenge)?.[1] ?? null }),
    ...(challenge !== null && { scope: /scope="([^"]*)"/.exec(challenge)?.[1] ?? "" }),
    ...(typeof error === "object" && { rpcCode: error.code }),
    ...(answer && { answer }),
  };
}

/** The body, or of a stream the first message; an open stream is left. */
// deno-lint-ignore no-explicit-any -- whatever the server says
async function firstMessage(response: Response): Promise<any> {
  const type = response.headers.get("content-type");
  if (type === null) return (await response.text()) === "" ? undefined : null;
  if (!type.startsWith("text/event-stream")) return await response.json();
  let text = "";
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { done, value = "" } = await reader.read();
    text += value;
    const [message] = text.includes("\n\n") ? streamMessages(text) : [];
    if (!done && message === undefined) continue;
    await reader.cancel();
    return message;
  }
}
