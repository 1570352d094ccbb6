/** Text as the database searches it, the same in every SQL dialect. */

import { type Expression, sql, type SqlBool } from "kysely";
import { isStorable } from "../text.ts";

export { assertStorable, emailKey, isStorable } from "../text.ts";

/** What a search looks through: all parts, compared without regard to case in every script. */
export function searchKey(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join("\n").normalize("NFKC").toLowerCase();
}

/** Whether the column, made by `searchKey()`, contains the text; `%` and `_` stand for themselves. */
export function contains(column: Expression<string>, text: string): Expression<SqlBool> {
  if (!isStorable(text)) return sql<SqlBool>`1 = 0`;
  const pattern = `%${searchKey(text).replaceAll(/[!%_]/g, "!$&")}%`;
  return sql<SqlBool>`${column} like ${pattern} escape '!'`;
}
