/** Text as the database keeps and compares it, the same in every SQL dialect. */

import { type Expression, sql, type SqlBool } from "kysely";
import { AppError } from "../../errors.ts";

/** What two spellings of one email have in common. */
export function emailKey(email: string): string {
  return email.normalize("NFC").toLowerCase();
}

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

/** Whether a database can hold the text: what it cannot hold need not be looked for, and PostgreSQL refuses to. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/**
 * Refuses text that a database would cut off or change without a word.
 *
 * @throws {AppError} `invalid_input` naming the field with a NUL or half of a surrogate pair.
 */
export function assertStorable(fields: Readonly<Record<string, string | undefined>>): void {
  for (const [field, text] of Object.entries(fields)) {
    if (text === undefined || isStorable(text)) continue;
    throw new AppError("invalid_input", `Remove the unprintable character from ${field}`, {
      reason: "text_not_storable",
      details: { field },
    });
  }
}
