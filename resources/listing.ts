/** The entries of `resources/list`: the fixed resources, then page by page what templates stand for. */

import { Buffer } from "node:buffer";
import { AppError } from "../errors.ts";
import { sanitize } from "../tools/sanitize.ts";
import { guarded } from "./guard.ts";
import type { Caller, GuardOptions } from "./guard.ts";
import type { ListedResource, Resource, Resources } from "./registry.ts";

/** One entry, as the protocol has it. */
export interface ResourceEntry {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly _meta: Readonly<Record<string, unknown>>;
}

export interface ResourceListPage {
  readonly resources: readonly ResourceEntry[];
  readonly nextCursor?: string;
}

const PAGE_SIZE = 100;
const MAX_CURSOR_LENGTH = 2048;

/**
 * Returns one page.
 *
 * What a template stands for is data, so it is in the list of those alone who may read it; `visible` decides about the
 * entries that say no more than a declaration.
 *
 * @throws {AppError} `invalid_input` for a cursor that is not of this list.
 */
export async function listResources(
  { all }: Resources,
  visible: (resource: Resource) => boolean,
  cursor: string | undefined,
  caller: Caller,
  options: GuardOptions,
): Promise<ResourceListPage> {
  const { policy } = options;
  const listable = all.filter(({ list, scopes }) =>
    list !== undefined && policy.missing(caller.principal.scopes, scopes).length === 0
  );
  const place = cursor === undefined ? undefined : readCursor(cursor);
  const source = place === undefined
    ? listable[0]
    : listable.find(({ name }) => name === place.source);
  if (place !== undefined && source === undefined) throw badCursor();
  const fixed = place === undefined
    ? all.filter((resource) => resource.variables.length === 0 && visible(resource))
      .map((resource) => entryOf(resource, resource.address, resource))
    : [];
  if (source === undefined) return { resources: fixed };
  const { items, nextPageToken } = await guarded(
    { kind: "resource", name: source.name, scopes: source.scopes },
    caller,
    options,
    (context) =>
      source.list!({ pageSize: PAGE_SIZE, pageToken: place?.token ?? undefined }, context),
  );
  const next = nextPageToken === undefined
    ? listable[listable.indexOf(source) + 1] && { source: after(listable, source), token: null }
    : { source: source.name, token: nextPageToken };
  return {
    resources: [...fixed, ...items.map((item) => listedEntry(source, item))],
    ...(next && { nextCursor: writeCursor(next) }),
  };
}

function after(listable: readonly Resource[], source: Resource): string {
  return listable[listable.indexOf(source) + 1]!.name;
}

/** Declarations and names of objects; the latter are text of strangers. */
function listedEntry(resource: Resource, { params, title }: ListedResource): ResourceEntry {
  // A client may know entries apart by their names.
  const name = Object.values(params).join("/");
  return entryOf(resource, resource.expand(params)!, { name, title: sanitize(title).value });
}

function entryOf(
  { description, mimeType, scopes }: Resource,
  uri: string,
  { name, title }: { readonly name: string; readonly title: string },
): ResourceEntry {
  return { uri, name, title, description, mimeType, _meta: securityOf(scopes) };
}

/** Which scopes an entry needs, in the form that tools have it. */
export function securityOf(scopes: readonly string[]) {
  return { securitySchemes: [{ type: "oauth2", scopes }] };
}

interface Place {
  readonly source: string;
  /** Null before the first page. */
  readonly token: string | null;
}

/** It is no secret and carries no authority: a forged one only starts the caller's own list elsewhere. */
function writeCursor({ source, token }: Place): string {
  return Buffer.from(JSON.stringify([source, token])).toString("base64url");
}

function readCursor(cursor: string): Place {
  if (cursor.length > MAX_CURSOR_LENGTH || !/^[\w-]+$/.test(cursor)) throw badCursor();
  try {
    const [source, token] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    if (typeof source === "string" && (token === null || typeof token === "string")) {
      return { source, token };
    }
  } catch {
    // Not JSON, or no list.
  }
  throw badCursor();
}

function badCursor(): AppError {
  return new AppError("invalid_input", "The cursor is not of this list; call again without it", {
    reason: "cursor",
  });
}
