/** Takes out of a tool's output what a reader would obey and not see: control, direction and tag characters. */

/** C0 but tab and line ends, C1, bidirectional controls, and the invisible tag characters. */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- these are what it is for
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E007F}]/gu;
/** The same in JSON text, where the first of them are written as escapes. */
const UNSAFE_JSON =
  /\\u00[01]|\\[bf]|[\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E007F}]/u;

/** Returns an equal value whose strings are safe to show, with its JSON text; what was taken out is marked by U+FFFD. */
export function sanitize<T>(value: T): { value: T; text: string } {
  const text = JSON.stringify(value);
  if (!UNSAFE_JSON.test(text)) return { value, text };
  const safe = sanitizeValue(value) as T;
  return { value: safe, text: JSON.stringify(safe) };
}

function sanitizeValue(value: unknown): unknown {
  if (typeof value === "string") return value.replace(UNSAFE, "\uFFFD");
  if (Array.isArray(value)) return value.map(sanitizeValue);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(UNSAFE, "\uFFFD"),
      sanitizeValue(member),
    ]),
  );
}
