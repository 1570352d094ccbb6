/** The documents that a server publishes about itself and its authorization servers (RFC 9728, RFC 8414). */

import { WELL_KNOWN_PATH } from "../../auth/metadata.ts";
import { AppError } from "../../errors.ts";
import { NO_ANSWER } from "../command.ts";
import { readChallenges } from "./challenges.ts";
import { cannotTell } from "./check.ts";
import { mayVisit } from "./context.ts";
import type { Context } from "./context.ts";
import type { Answer } from "./answer.ts";
import { parseObject } from "./event_stream.ts";
import { bareRefusal } from "./facts.ts";

/** What answers at one URL. */
export interface PublishedDocument {
  readonly url: string;
  readonly answer: Answer;
  /** Undefined for anything but a JSON object with status 200. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** Where RFC 9728 section 3.1 puts the metadata of the endpoint: between host and path. */
export function metadataAtPath(context: Context): Promise<PublishedDocument> {
  const { origin, pathname, search } = context.url;
  const path = pathname === "/" ? "" : pathname;
  return fetchDocument(context, new URL(origin + WELL_KNOWN_PATH + path + search));
}

/** Where clients look when there is nothing at the path. */
export function metadataAtRoot(context: Context): Promise<PublishedDocument> {
  if (context.url.pathname === "/") return context.fact(metadataAtPath);
  return fetchDocument(context, new URL(context.url.origin + WELL_KNOWN_PATH));
}

/** Where the challenge says that it is; undefined where that is no URL to go to. */
export async function metadataOfChallenge(
  context: Context,
): Promise<PublishedDocument | undefined> {
  const named = await context.fact(challengedUrl);
  if (named === undefined || !URL.canParse(named)) return undefined;
  const atPath = await context.fact(metadataAtPath);
  if (named === atPath.url) return atPath;
  const url = new URL(named);
  return mayVisit(context, url) ? fetchDocument(context, url) : undefined;
}

/** The `resource_metadata` of the refusal without a token. */
export async function challengedUrl(context: Context): Promise<string | undefined> {
  const refused = await context.fact(bareRefusal);
  return readChallenges(refused.header("www-authenticate") ?? "")
    .find(({ scheme }) => scheme.toLowerCase() === "bearer")?.parameters.get("resource_metadata");
}

/** The document that a client would use: the challenge's, else the one at the path, else at the root. */
export async function metadata(context: Context): Promise<PublishedDocument & FoundDocument> {
  const challenged = await context.fact(metadataOfChallenge).catch(() => undefined);
  const candidates = [
    challenged,
    await context.fact(metadataAtPath),
    await context.fact(metadataAtRoot),
  ];
  const found = candidates.find((document) => document?.json !== undefined);
  if (found?.json === undefined) throw cannotTell("no protected resource metadata was found");
  return { ...found, json: found.json };
}

interface FoundDocument {
  readonly json: Readonly<Record<string, unknown>>;
}

/** An issuer that the metadata names, with its own metadata. */
export interface Issuer {
  readonly name: string;
  /** Undefined where none was found, or where its URL is none to go to. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  /** Why it cannot be reached, where it cannot. */
  readonly silence?: string;
}

const MAX_ISSUERS = 3;

export async function issuers(context: Context): Promise<readonly Issuer[]> {
  const { json } = await context.fact(metadata);
  const named = json["authorization_servers"];
  const names = Array.isArray(named) ? named.filter((name) => typeof name === "string") : [];
  if (names.length === 0) throw cannotTell("the metadata names no authorization server");
  const found: Issuer[] = [];
  for (const name of names.slice(0, MAX_ISSUERS)) {
    found.push(await readIssuer(context, name));
  }
  return found;
}

async function readIssuer(context: Context, name: string): Promise<Issuer> {
  try {
    return { name, metadata: await issuerMetadata(context, name) };
  } catch (error) {
    if (!(error instanceof AppError) || error.reason !== NO_ANSWER) throw error;
    return { name, metadata: undefined, silence: error.message };
  }
}

/** RFC 8414 section 3.1, then OpenID Connect Discovery with the path inserted and appended, as clients try them. */
async function issuerMetadata(context: Context, name: string): Promise<Issuer["metadata"]> {
  if (!URL.canParse(name) || !mayVisit(context, new URL(name))) return undefined;
  const { origin, pathname } = new URL(name);
  const path = pathname.replace(/\/$/, "");
  const urls = new Set([
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]);
  for (const url of urls) {
    const { json } = await fetchDocument(context, new URL(url));
    if (json !== undefined) return json;
  }
  return undefined;
}

/** The keys of the first issuer that has any, as they are published. */
export async function publishedKeys(context: Context): Promise<readonly unknown[]> {
  for (const { metadata } of await context.fact(issuers)) {
    const uri = metadata?.["jwks_uri"];
    if (typeof uri !== "string" || !URL.canParse(uri) || !mayVisit(context, new URL(uri))) continue;
    const keys = (await fetchDocument(context, new URL(uri))).json?.["keys"];
    if (Array.isArray(keys)) return keys;
  }
  throw cannotTell("the authorization servers publish no keys");
}

async function fetchDocument(context: Context, url: URL): Promise<PublishedDocument> {
  const answer = await context.send({
    url,
    method: "GET",
    headers: [["accept", "application/json"]],
  });
  return {
    url: url.href,
    answer,
    json: answer.status === 200 && answer.complete ? parseObject(answer.body) : undefined,
  };
}
