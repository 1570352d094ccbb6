/** Makes a stranger's text safe for a terminal: on one line, cut to length, unprintable characters spelled out. */

const MAX_VALUE_LENGTH = 200;
/** Controls, format characters such as direction overrides, lone surrogates and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Returns a value as text; what is no string is written as JSON. */
export function show(value: unknown): string {
  if (value === undefined) return "absent";
  return printable(typeof value === "string" ? value : JSON.stringify(value), MAX_VALUE_LENGTH);
}

/** Returns a URL without its query, where people put keys that belong in no log. */
export function addressOf({ origin, pathname }: URL): string {
  return origin + pathname;
}

/** Returns a text of at most so many characters. */
export function printable(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
  return cut.replace(UNPRINTABLE, spellOut);
}

/** Returns indented JSON in which characters that a terminal would obey are escaped too. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .replace(UNPRINTABLE, (found) => found === "\n" ? found : spellOut(found));
}

function spellOut(found: string): string {
  return Array.from(
    { length: found.length },
    (_, index) => `\\u${found.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
