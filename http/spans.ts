/** What the spans and the log of a request are told of it. */

import { traceIdOf as activeOrSentTraceId } from "../telemetry/trace.ts";
import type { RequestSpans, TracedMessage } from "../telemetry/trace.ts";
import type { Exchange } from "./exchange.ts";
import { LEGACY_REVISIONS, MODERN_REVISION } from "./message.ts";
import type { Message } from "./message.ts";

/** Starts the span of the message, once it is parsed. */
export function openMessageSpan(spans: RequestSpans, exchange: Exchange, tool?: string): void {
  const { message, url, request } = exchange;
  if (message === undefined || url === undefined) return;
  spans.message({
    method: message.method,
    id: message.id,
    revision: revisionOf(message, request.headers),
    tool: message.toolName === undefined ? undefined : tool ?? "unknown",
    ...subjectOf(exchange),
    meta: message.params?.["_meta"],
    server: {
      address: url.hostname,
      port: Number(url.port) || (url.protocol === "https:" ? 443 : 80),
    },
  });
}

/** The one resource or prompt that a message is about. */
function subjectOf({ named = [] }: Exchange): Pick<TracedMessage, "resource" | "prompt"> {
  const [subject, ...others] = named;
  if (subject === undefined || others.length > 0) return {};
  const { kind, name, uri } = subject;
  return kind === "prompt" ? { prompt: name } : { resource: { name, uri } };
}

/** The trace that a record of this request belongs to: that of its message, where it is traced or was sent with one. */
export function traceIdOf(exchange: Exchange): string | undefined {
  const { spans, message, request } = exchange;
  return spans?.traceId ?? activeOrSentTraceId(request.headers, message?.params?.["_meta"]);
}

/** Only a revision that exists: the text is the client's. */
function revisionOf(message: Message, headers: Headers): string | undefined {
  if (message.era === "modern") return MODERN_REVISION;
  const claimed = headers.get("mcp-protocol-version") ?? message.params?.["protocolVersion"];
  return LEGACY_REVISIONS.find((revision) => revision === claimed);
}
