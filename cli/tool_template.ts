/** The text of a new tool and of its test: sound as generated, and made to be replaced piece by piece. */

import type { Effect } from "../tools/registry.ts";
import confirmTemplate from "./templates/confirm.txt" with { type: "text" };
import listTestTemplate from "./templates/list_tool_test.txt" with { type: "text" };
import listTemplate from "./templates/list_tool.txt" with { type: "text" };
import testTemplate from "./templates/tool_test.txt" with { type: "text" };
import toolTemplate from "./templates/tool.txt" with { type: "text" };

/** What is known of a tool before anybody has written it. */
export interface NewTool {
  /** Two words or more, with underscores between them. */
  readonly name: string;
  readonly effect: Effect;
  readonly scopes: readonly string[];
}

/** The words of a name as a title: `count_organizations` is "Count organizations". */
export function titleOf({ name }: Pick<NewTool, "name">): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The name of the import: `count_organizations` is countOrganizations. */
export function identifierOf(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

export function toolText(tool: NewTool): string {
  const { name, effect, scopes } = tool;
  return filled(isList(tool) ? listTemplate : toolTemplate, {
    name,
    effect,
    title: titleOf(tool),
    scopes: scopes.map((scope) => JSON.stringify(scope)).join(", "),
    placeholder: placeholder(tool),
    confirm: effect === "delete" ? confirmTemplate : "",
  });
}

export function testText(tool: NewTool): string {
  return filled(isList(tool) ? listTestTemplate : testTemplate, { name: tool.name });
}

function isList({ name, effect }: NewTool): boolean {
  return effect === "read" && name.startsWith("list_");
}

/** What the tool does until somebody writes it. */
function placeholder(tool: NewTool): string {
  if (isList(tool)) return "lists the environments, a page at a time";
  const what = tool.effect === "read" ? "returns" : "changes nothing and returns";
  return `${what} one environment of list_environments`;
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name]!);
}
