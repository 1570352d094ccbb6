/** The tools as the page `docs/tools.md`. */

import type { Registry } from "../tools/registry.ts";

/** One table with a row for each tool. */
export function toolsMarkdown(registry: Registry): string {
  const rows = registry.tools.map(({ name, title, effect, scopes, description, confirm }) => [
    `\`${name}\``,
    confirm ? `${effect}, asks first` : effect,
    scopes.map((scope) => `\`${scope}\``).join(" ") || "any caller",
    title,
    firstSentence(description),
  ]);
  return [
    "# Tools",
    "",
    "Made by `deno task generate` from the tools themselves; `gatehouse tools --json` has their schemas.",
    "",
    tableRow(["tool", "effect", "scopes", "title", "what it does"]),
    tableRow(Array(5).fill("---")),
    ...rows.map(tableRow),
    "",
    "Every tool that is not of the effect read takes an `idempotencyKey`: repeated with the same key and arguments within " +
    "24 hours, a call is not done twice.",
  ].join("\n");
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function firstSentence(text: string): string {
  return /^.*?\.(?= [A-Z]|$)/s.exec(text)?.[0] ?? text;
}
