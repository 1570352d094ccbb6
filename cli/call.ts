/** `gatehouse call`: calls one tool of the running server and prints its result. */

import { AppError } from "../errors.ts";
import { REPLAYED_KEY } from "../http/tool_views.ts";
import { usageError } from "./command.ts";
import type { Io, Register } from "./command.ts";
import { requestToken } from "./credentials.ts";
import type { ClientFlags } from "./credentials.ts";
import { postMessage } from "./mcp_client.ts";
import { withClientFlags } from "./token.ts";

export const registerCall: Register = (program, io, setExit) => {
  withClientFlags(program.command("call <tool> [arguments]"))
    .description("call a tool with JSON arguments and print its result as JSON")
    .action(async (tool: string, json: string | undefined, flags: ClientFlags) => {
      const input = parseArguments(json);
      const { accessToken, resource } = await requestToken(io, flags);
      const answer = await postMessage({
        url: resource,
        accessToken,
        method: "tools/call",
        name: tool,
        params: { name: tool, arguments: input },
        onProgress: (text) => io.err(text),
      });
      if (!print(answer, io)) setExit(1);
    });
};

function parseArguments(json: string | undefined): Record<string, unknown> {
  if (json === undefined) return {};
  try {
    const value: unknown = JSON.parse(json);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Falls through to the one message below.
  }
  throw usageError(`The arguments must be one JSON object, such as '{"pageSize": 5}'`);
}

/** Prints a result to stdout and a refusal to stderr; tells which it was. */
function print(answer: { status: number; body: Record<string, unknown> }, io: Io): boolean {
  const { body } = answer;
  const result = body["result"] as Record<string, unknown> | undefined;
  if (result === undefined) {
    io.err(JSON.stringify(body["jsonrpc"] ? body["error"] : body, null, 2));
    return false;
  }
  const content = result["structuredContent"] ?? result["content"];
  if (content === undefined) throw new AppError("internal", "The result has no content");
  if (result["isError"] === true) {
    // An error has no structured content; its text is JSON.
    const parts = result["content"] as readonly { text?: string }[] | undefined;
    io.err((parts ?? []).map(({ text }) => text ?? "").join("\n"));
    return false;
  }
  io.out(JSON.stringify(content, null, 2));
  const { [REPLAYED_KEY]: replayedFrom } = (result["_meta"] ?? {}) as Record<string, unknown>;
  if (replayedFrom) {
    io.err(`Done before, at ${replayedFrom}, and not again: the idempotencyKey is the same`);
  }
  return true;
}
