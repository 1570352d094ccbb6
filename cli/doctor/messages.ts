/** Writes the JSON-RPC requests of both protocol eras, and reads what comes back. */

import { LEGACY_REVISIONS, MODERN_REVISION } from "../../http/message.ts";
import { printable } from "../printable.ts";
import { NAME, VERSION } from "../version.ts";
import type { Answer } from "./answer.ts";
import type { Header } from "./client.ts";
import type { Sent } from "./context.ts";
import { asMessage, lastMessage } from "./event_stream.ts";
import type { RpcMessage } from "./event_stream.ts";

export type Params = Readonly<Record<string, unknown>>;
/** A request with a body and without a credential. */
export type Posted = Sent & { readonly headers: readonly Header[]; readonly body: string };

/** More than any message has, and less than what runtimes refuse on their own. */
export const LARGE_BYTES = 100 * 1024 * 1024;
export const LATEST_LEGACY = LEGACY_REVISIONS.at(-1)!;
const CLIENT = { name: `${NAME}-doctor`, version: VERSION };
const JSON_HEADERS: readonly Header[] = [
  ["content-type", "application/json"],
  ["accept", "application/json, text/event-stream"],
];
const PREFIX = "io.modelcontextprotocol/";

/** A request of 2026-07-28 (or of another revision that comes without a session). */
export function modern(method: string, params: Params = {}, revision = MODERN_REVISION): Posted {
  const name = method === "tools/call" ? params["name"] : undefined;
  return {
    headers: [
      ...JSON_HEADERS,
      ["mcp-protocol-version", revision],
      ["mcp-method", method],
      ...(typeof name === "string" ? [["mcp-name", name] as const] : []),
    ],
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          [`${PREFIX}protocolVersion`]: revision,
          [`${PREFIX}clientInfo`]: CLIENT,
          [`${PREFIX}clientCapabilities`]: {},
        },
      },
    }),
  };
}

/** A session that `initialize` opened; servers without sessions give no id. */
export interface Session {
  readonly revision: string;
  readonly id: string | undefined;
}

/** A request, or a notification, of the revisions before 2026-07-28. */
export function legacy(method: string, params: Params = {}, session?: Session): Posted {
  const isNotification = method.startsWith("notifications/");
  return {
    headers: [...JSON_HEADERS, ...sessionHeaders(session)],
    body: JSON.stringify({ jsonrpc: "2.0", ...(isNotification ? {} : { id: 1 }), method, params }),
  };
}

export function sessionHeaders(session: Session | undefined): readonly Header[] {
  if (session === undefined) return [];
  return [
    ["mcp-protocol-version", session.revision],
    ...(session.id === undefined ? [] : [["mcp-session-id", session.id] as const]),
  ];
}

export function initialize(): Posted {
  return legacy("initialize", {
    protocolVersion: LATEST_LEGACY,
    capabilities: {},
    clientInfo: CLIENT,
  });
}

/** The request with a header replaced, added, or (undefined) left out. */
export function withHeader(sent: Posted, name: string, value: string | undefined): Posted {
  const others = sent.headers.filter(([other]) => other !== name);
  return { ...sent, headers: value === undefined ? others : [...others, [name, value]] };
}

/** The request with one more header, also where it has one of that name. */
export function plusHeader(sent: Posted, name: string, value: string): Posted {
  return { ...sent, headers: [...sent.headers, [name, value]] };
}

/** The JSON-RPC message of an answer. */
export function messageOf(answer: Answer | undefined): RpcMessage | undefined {
  if (answer === undefined) return undefined;
  const type = answer.header("content-type")?.toLowerCase() ?? "";
  return type.startsWith("text/event-stream") ? lastMessage(answer.body) : asMessage(answer.body);
}

/** An answer in a few words: its status, what kind of body it has, and the code of an error. */
export function summary(answer: Answer | undefined): string {
  if (answer === undefined) return "closed without an answer";
  const type = answer.header("content-type")?.split(";")[0];
  const message = messageOf(answer);
  const code = message?.error?.code;
  return [
    String(answer.status),
    ...(type ? [printable(type, 64)] : []),
    ...(code !== undefined ? [`error ${printable(String(code), 20)}`] : []),
    ...(message?.result ? ["with a result"] : []),
    ...(answer.complete ? [] : ["(cut off)"]),
  ].join(" ");
}
