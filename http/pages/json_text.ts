/** Writes JSON for people: indented, with short lists on one line. */

const WIDTH = 72;

/** Returns the JSON text of a value that JSON can carry. */
export function jsonText(value: unknown, indent = ""): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    const flat = value.every((item) => item === null || typeof item !== "object");
    if (flat && indent.length + line.length <= WIDTH) return line;
    return bracket("[", value.map((item) => jsonText(item, deeper)), "]", indent);
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return bracket(
    "{",
    members.map(([name, member]) => `${JSON.stringify(name)}: ${jsonText(member, deeper)}`),
    "}",
    indent,
  );
}

function bracket(open: string, items: readonly string[], close: string, indent: string): string {
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}${close}`;
}
