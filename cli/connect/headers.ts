/** Which headers a message travels with: derived from its body in 2026-07-28, from the session before. */

import { NAMED_BY } from "../../http/message.ts";
import { headerValue } from "../header_value.ts";
import type { HostMessage } from "./messages.ts";
import type { ToolHeaders } from "./tool_headers.ts";

/** The headers of a message of 2026-07-28, which repeat what its body says. */
export function modernHeaders(
  message: HostMessage,
  revision: string,
  tools: ToolHeaders,
): Record<string, string> {
  const { method, params } = message;
  const source = NAMED_BY.get(method);
  const name = source === undefined ? undefined : params[source];
  return {
    "mcp-protocol-version": headerValue(revision),
    "mcp-method": headerValue(method),
    ...(typeof name === "string" ? { "mcp-name": headerValue(name) } : {}),
    ...(method === "tools/call" ? tools.headersOf(params) : {}),
  };
}
