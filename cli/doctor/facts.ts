/** What several checks need to know of the server, each found out once. */

import { MODERN_REVISION } from "../../http/message.ts";
import type { Answer } from "./answer.ts";
import { cannotTell } from "./check.ts";
import type { Context, Sent, TokenName } from "./context.ts";
import type { RpcMessage } from "./event_stream.ts";
import {
  initialize,
  LATEST_LEGACY,
  legacy,
  messageOf,
  modern,
  sessionHeaders,
} from "./messages.ts";
import type { Params, Posted, Session } from "./messages.ts";

/** The answers to usual requests without a credential. */
export interface BareAnswers {
  readonly initialize: Answer;
  readonly discover: Answer;
  readonly list: Answer;
}

export async function bareAnswers(context: Context): Promise<BareAnswers> {
  return {
    initialize: await context.send(initialize()),
    discover: await context.send(modern("server/discover")),
    list: await context.send(modern("tools/list")),
  };
}

/** The 401 to which the rules on challenges apply. */
export async function bareRefusal(context: Context): Promise<Answer> {
  const { initialize, discover, list } = await context.fact(bareAnswers);
  const refused = [list, discover, initialize].find(({ status }) => status === 401);
  if (refused === undefined) throw cannotTell("the server did not ask for a token");
  return refused;
}

/** Whether nobody is asked for a token. */
export async function isOpen(context: Context): Promise<boolean> {
  const answers = Object.values(await context.fact(bareAnswers)) as readonly Answer[];
  return answers.every(({ status }) => status !== 401 && status !== 403);
}

/** Ends a check that makes no sense where nobody is asked for a token. */
export async function requireProtection(context: Context): Promise<void> {
  if (await isOpen(context)) throw cannotTell("the server did not ask for a token");
}

/** The token with which requests get in; undefined where none is needed. */
export async function entrance(context: Context): Promise<TokenName | undefined> {
  if (await isOpen(context)) return undefined;
  if (!context.hasToken("full")) throw cannotTell("needs a token (--token)");
  const answer = await context.fact(answerToToken);
  if (answer.status === 401) throw cannotTell("the server refused the token");
  return "full";
}

/** How the server answers the given token. */
export function answerToToken(context: Context): Promise<Answer> {
  return context.send({ ...modern("server/discover"), token: "full" });
}

/** A conversation in the era that the server speaks. */
export interface Speaker {
  readonly era: "modern" | "legacy";
  readonly session: Session | undefined;
  /** A request without a credential. */
  write(method: string, params?: Params): Posted;
  /** A request that the server lets in. */
  request(method: string, params?: Params): Posted;
  call(method: string, params?: Params, token?: TokenName): Promise<{
    readonly answer: Answer;
    readonly message: RpcMessage | undefined;
  }>;
}

export async function speaker(context: Context): Promise<Speaker> {
  const token = await context.fact(entrance);
  const discovered = token === undefined
    ? (await context.fact(bareAnswers)).discover
    : await context.fact(answerToToken);
  if (messageOf(discovered)?.result) return speakerOf(context, token, "modern", undefined);
  const session = await context.fact(legacySession);
  if (session === undefined) {
    throw cannotTell("the server answered neither server/discover nor initialize");
  }
  await context.attempt({
    ...legacy("notifications/initialized", {}, session),
    ...withToken(token),
  });
  return speakerOf(context, token, "legacy", session);
}

/** The session of the revisions before 2026-07-28; undefined where the server does not speak them. */
export async function legacySession(context: Context): Promise<Session | undefined> {
  const answer = await context.fact(answerToInitialize);
  const result = messageOf(answer)?.result;
  if (result === undefined) return undefined;
  const { protocolVersion } = result;
  return {
    revision: typeof protocolVersion === "string" && /^[\d-]{10}$/.test(protocolVersion)
      ? protocolVersion
      : LATEST_LEGACY,
    id: /^[\x21-\x7e]{1,1024}$/.exec(answer.header("mcp-session-id") ?? "")?.[0],
  };
}

export async function answerToInitialize(context: Context): Promise<Answer> {
  const token = await context.fact(entrance);
  return token === undefined
    ? (await context.fact(bareAnswers)).initialize
    : context.send({ ...initialize(), token });
}

/** Ends the session that the checks opened, as a client should. */
export async function leaveSession(context: Context): Promise<void> {
  // Where nobody is asked for a token, the first request of all has opened one.
  if (!context.asked(legacySession) && !await isOpen(context)) return;
  const session = await context.fact(legacySession);
  if (session?.id === undefined) return;
  const token = await context.fact(entrance);
  await context.attempt({
    method: "DELETE",
    headers: sessionHeaders(session),
    headOnly: true,
    ...withToken(token),
  });
}

export function withToken(token: TokenName | undefined): Pick<Sent, "token"> {
  return token === undefined ? {} : { token };
}

function speakerOf(
  context: Context,
  own: TokenName | undefined,
  era: Speaker["era"],
  session: Session | undefined,
): Speaker {
  const write = (method: string, params: Params = {}) =>
    era === "modern" ? modern(method, params) : legacy(method, params, session);
  return {
    era,
    session,
    write,
    request: (method, params) => ({ ...write(method, params), ...withToken(own) }),
    async call(method, params, token = own) {
      const answer = await context.send({ ...write(method, params), ...withToken(token) });
      return { answer, message: messageOf(answer) };
    },
  };
}

/** A request for the list of tools that is served, where that can be had, so that a refusal is one of what is changed in it. */
export async function usualRequest(context: Context): Promise<Posted> {
  const found = await context.fact(speaker).catch(() => undefined);
  return found?.request("tools/list") ?? modern("tools/list");
}

/** The speaker, where it speaks 2026-07-28; its rules on headers are of no other revision. */
export async function modernSpeaker(context: Context): Promise<Speaker> {
  const found = await context.fact(speaker);
  if (found.era === "modern") return found;
  throw cannotTell(`the server does not speak ${MODERN_REVISION}`);
}
