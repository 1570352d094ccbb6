/** Pages by keyset: the token holds the last id of a page, so that rows added meanwhile shift nothing. */

import { Buffer } from "node:buffer";
import type { SelectQueryBuilder } from "kysely";
import { fingerprintOf, membersOf, notIssued } from "../page_token.ts";
import type { Page, PageRequest } from "../workspace.ts";
import type { Schema } from "./schema.ts";

/** A list that is read page by page. */
interface Listing<Row, Item> {
  /** The name of the list and all that filters it; a token is good for equal ones only. */
  readonly list: readonly [string, ...(string | undefined)[]];
  readonly order: "oldest first" | "newest first";
  toItem(row: Row): Item;
}

/**
 * Reads one page of the query, which is filtered and selects the `id` of `keyTable`, the column the pages follow.
 *
 * @throws {AppError} `invalid_input` for a page token that was not issued for this list.
 */
export async function readPage<Row extends { id: string }, Item>(
  // deno-lint-ignore no-explicit-any -- the tables in scope differ from list to list
  query: SelectQueryBuilder<Schema, any, Row>,
  keyTable: keyof Schema,
  { pageSize, pageToken }: PageRequest,
  { list, order, toItem }: Listing<Row, Item>,
): Promise<Page<Item>> {
  const fingerprint = fingerprintOf(list);
  const key = `${keyTable}.id`;
  const ascending = order === "oldest first";
  let remaining = query;
  if (pageToken !== undefined) {
    const after = readToken(pageToken, fingerprint);
    remaining = query.where(key, ascending ? ">" : "<", after);
  }

  // One row more than asked for tells whether there is a next page.
  const rows = await remaining
    .orderBy(key, ascending ? "asc" : "desc")
    .limit(pageSize + 1)
    .execute();
  const { total } = await query
    .clearSelect()
    .select(({ fn }) => fn.countAll().as("total"))
    .executeTakeFirstOrThrow();

  const shown = rows.slice(0, pageSize);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    totalSize: Number(total),
    ...(rows.length > pageSize && last && { nextPageToken: writeToken(fingerprint, last.id) }),
  };
}

const TOKEN_VERSION = 1;
const TOKEN = /^[\w-]{1,256}$/;
const ID = /^[a-z]+_[0-9A-Z]{26}$/;

/** A token is no secret and carries no authority: a forged one only starts the caller's own list elsewhere. */
function writeToken(list: string, after: string): string {
  return Buffer.from(JSON.stringify({ v: TOKEN_VERSION, list, after })).toString("base64url");
}

function readToken(token: string, fingerprint: string): string {
  if (TOKEN.test(token)) {
    const { v, list, after } = membersOf(token);
    const known = v === TOKEN_VERSION && list === fingerprint;
    if (known && typeof after === "string" && ID.test(after)) return after;
  }
  throw notIssued();
}
