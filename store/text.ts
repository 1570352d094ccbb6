/** Text as every backend keeps and compares it. */

import { AppError } from "../errors.ts";

/** What two spellings of one email have in common. */
export function emailKey(email: string): string {
  return email.normalize("NFC").toLowerCase();
}

/** Whether a backend can hold the text: what it cannot hold need not be looked for, and PostgreSQL refuses to. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/**
 * Refuses text that a backend would cut off or change without a word.
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
