/** Bridges their pages to ours: any size from 1 to 100, tokens bound to their list, nothing twice while rows are added. */

import { Buffer } from "node:buffer";
import { AppError } from "../../errors.ts";
import { fingerprintOf, membersOf, notIssued } from "../page_token.ts";
import type { Page, PageRequest } from "../workspace.ts";
import { countIn, type Json, objectsIn, strangeAnswer, textIn } from "./values.ts";

/** One page as the API gives it. */
export interface RemotePage<Item> {
  readonly items: readonly Item[];
  readonly totalSize?: number | undefined;
  /** Undefined at the end. */
  readonly nextToken?: string | undefined;
}

export interface RemoteList<Item> {
  /** The name of the list and all that filters it; a token is good for equal ones only. */
  readonly list: readonly [string, ...(string | undefined)[]];
  /** The page sizes that the API takes. */
  readonly sizes: { readonly min: number; readonly max: number };
  read(page: { page_size: number; page_token?: string }): Promise<RemotePage<Item>>;
}

/** Reads a page of the API's answer, with the items in a field. */
export function remotePage<Item>(
  body: Json,
  field: string,
  toItem: (value: Json) => Item,
): RemotePage<Item> {
  const nextToken = textIn(body, "next_page_token");
  return {
    items: objectsIn(body, field).map(toItem),
    totalSize: countIn(body, "total_size"),
    nextToken: nextToken === "" ? undefined : nextToken,
  };
}

/** Where a page begins: after an item of one of the API's pages, or else at an offset in it. */
interface Place {
  /** The API's page size, which its tokens are for. */
  readonly size: number;
  /** The API's token; absent for its first page. */
  readonly at?: string;
  readonly after?: string;
  readonly offset: number;
}

/** How many of the API's pages one of ours may take. */
const MOST_READS = 14;
/** In how many of them the last item is looked for: what was added since has pushed it back. */
const MOST_LOOKS = 3;
const MAX_TOKEN = 1024;

/**
 * Reads one page of ours.
 *
 * @throws {AppError} `invalid_input` for a page token that was not issued for this list.
 */
export async function readRemotePage<Item extends { readonly id: string }>(
  { list, sizes, read }: RemoteList<Item>,
  { pageSize, pageToken }: PageRequest,
): Promise<Page<Item>> {
  const allowed = (size: number) => Math.min(Math.max(size, sizes.min), sizes.max);
  const place: Place = pageToken === undefined
    ? { size: allowed(pageSize), offset: 0 }
    : readToken(pageToken, list);
  const size = allowed(place.size);
  const rows: { readonly item: Item; readonly at: string | undefined; readonly index: number }[] =
    [];
  let start = place.after === undefined ? place.offset : -1;
  let at = place.at;
  let isEnd = false;
  let totalSize: number | undefined;
  for (let reads = 0; reads < MOST_READS && !isEnd; reads++) {
    if (start < 0 ? reads >= MOST_LOOKS : rows.length >= start + pageSize) break;
    const page = await readOne(read, size, at, pageToken !== undefined && reads === 0);
    if (page.nextToken !== undefined && page.nextToken === at) throw strangeAnswer("a page again");
    rows.push(...page.items.map((item, index) => ({ item, at, index })));
    totalSize ??= page.totalSize;
    at = page.nextToken;
    isEnd = at === undefined;
    if (start < 0) start = rows.findIndex(({ item }) => item.id === place.after) + 1 || -1;
  }
  // The item is gone, and those behind it have moved up into its place.
  if (start < 0) start = Math.min(Math.max(place.offset - 1, 0), rows.length);

  const shown = rows.slice(start, start + pageSize);
  const last = shown.at(-1);
  const next = rows.length > start + pageSize && last
    ? { size, at: last.at, after: last.item.id, offset: last.index + 1 }
    : isEnd
    ? undefined
    : { size, at, offset: 0 };
  return {
    items: shown.map(({ item }) => item),
    totalSize: totalSize ?? rows.length,
    ...(next && { nextPageToken: writeToken(next, list) }),
  };
}

async function readOne<Item>(
  read: RemoteList<Item>["read"],
  size: number,
  at: string | undefined,
  isOwn: boolean,
): Promise<RemotePage<Item>> {
  try {
    return await read({ page_size: size, ...(at !== undefined && { page_token: at }) });
  } catch (error) {
    // The API does not take the token that ours holds: it is too old, or somebody has written it themselves.
    const isRefused = error instanceof AppError && error.code === "invalid_input";
    throw isOwn && at !== undefined && isRefused ? notIssued() : error;
  }
}

/** Pages through a list that the API gives as a whole. */
export function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  list: RemoteList<Item>["list"],
  { pageSize, pageToken }: PageRequest,
): Page<Item> {
  const place = pageToken === undefined ? undefined : readToken(pageToken, list);
  const found = items.findIndex(({ id }) => id === place?.after) + 1;
  const start = found || Math.max((place?.offset ?? 0) - 1, 0);
  const shown = items.slice(start, start + pageSize);
  const end = start + shown.length;
  const after = shown.at(-1)?.id;
  return {
    items: shown,
    totalSize: items.length,
    ...(end < items.length && after !== undefined &&
      { nextPageToken: writeToken({ size: 0, after, offset: end }, list) }),
  };
}

function writeToken(
  place: { size: number; at?: string | undefined; after?: string; offset: number },
  list: readonly (string | undefined)[],
): string {
  const json = JSON.stringify({ v: 1, list: fingerprintOf(list), ...place });
  const token = Buffer.from(json).toString("base64url");
  if (token.length > MAX_TOKEN) throw strangeAnswer("a page token that is too long");
  return token;
}

/** A token is no secret and carries no authority: a forged one only starts the caller's own list elsewhere. */
function readToken(token: string, list: readonly (string | undefined)[]): Place {
  if (token.length > MAX_TOKEN || !/^[\w-]+$/.test(token)) throw notIssued();
  const { v, list: issuedFor, size, at, after, offset } = membersOf(token);
  const isPlace = v === 1 && issuedFor === fingerprintOf(list) && isCount(size) && isCount(offset);
  if (!isPlace || !isOptionalText(at) || !isOptionalText(after)) throw notIssued();
  return {
    size,
    offset,
    ...(at !== undefined && { at }),
    ...(after !== undefined && { after }),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 1_000_000;
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
