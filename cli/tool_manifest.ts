/** Puts a tool into the text of the manifest, `tools/mod.ts`, in the order of the folder. */

import { identifierOf } from "./tool_template.ts";

const IMPORT = /^import (?:type )?\S.* from "\.\/(\w+)\.ts";$/;
const ENTRY = /^ {2}(\w+),$/;

/** The manifest with the tool in it; undefined where it is not written as this function knows it. */
export function withTool(manifest: string, name: string): string | undefined {
  const lines = manifest.split("\n");
  const identifier = identifierOf(name);
  const entry = placeIn(lines, ENTRY, (found) => found > identifierKey(name), identifierKey);
  if (entry === undefined) return undefined;
  lines.splice(entry, 0, `  ${identifier},`);
  const line = placeIn(lines, IMPORT, (found) => found > name, (file) => file);
  if (line === undefined) return undefined;
  lines.splice(line, 0, `import ${identifier} from "./${name}.ts";`);
  return lines.join("\n");
}

/** Entries are identifiers, and their order is that of the names that they stand for. */
function identifierKey(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Where a line belongs: before the first one that comes after it, or behind the last. */
function placeIn(
  lines: readonly string[],
  pattern: RegExp,
  comesAfter: (key: string) => boolean,
  keyOf: (text: string) => string,
): number | undefined {
  const found = lines.flatMap((line, index) => {
    const match = pattern.exec(line);
    return match ? [{ index, key: keyOf(match[1]!) }] : [];
  });
  const next = found.find(({ key }) => comesAfter(key));
  if (next) return next.index;
  const last = found.at(-1);
  return last && last.index + 1;
}
