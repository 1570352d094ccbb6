/** Checks on the list of tools, as models and clients read it. */

import { isObject } from "../../http/params.ts";
import { cannotTell, fault, faultOf, mild, PASS } from "./check.ts";
import type { Check, Group } from "./check.ts";
import type { Context } from "./context.ts";
import { modernSpeaker, speaker } from "./facts.ts";
import { summary } from "./messages.ts";

/** A tool as it is published; nothing of it is trusted. */
export type ListedTool = Readonly<Record<string, unknown>>;

const SPEC = "MCP 2026-07-28 Tools";
const MAX_SHOWN = 5;
/** A server may page without end. */
const MAX_PAGES = 5;

/** The tools that the given token shows. */
export async function listedTools(context: Context): Promise<readonly ListedTool[]> {
  const { call } = await context.fact(speaker);
  const tools: ListedTool[] = [];
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { answer, message } = await call("tools/list", cursor === undefined ? {} : { cursor });
    const listed = message?.result?.["tools"];
    if (!Array.isArray(listed)) throw cannotTell(`tools/list answered ${summary(answer)}`);
    tools.push(...listed.filter(isObject));
    cursor = message?.result?.["nextCursor"];
    if (typeof cursor !== "string") break;
  }
  return tools;
}

const list: Check = {
  id: "tools-list",
  title: "The list of tools is well-formed",
  rule: `${SPEC}, Listing Tools`,
  severity: "fail",
  remedy: "Answer tools/list with an object whose tools have a name and an inputSchema.",
  async run(context) {
    const { call } = await context.fact(speaker);
    const { answer, message } = await call("tools/list");
    const listed = message?.result?.["tools"];
    if (!Array.isArray(listed)) return fault(summary(answer));
    const wrong = listed.filter((tool) =>
      !isObject(tool) || typeof tool["name"] !== "string" || !isObject(tool["inputSchema"])
    );
    return wrong.length === 0 ? PASS : fault(`${wrong.length} of ${listed.length} are not`);
  },
};

const names = everyTool({
  id: "tools-names",
  title: "Names are unique and of plain characters",
  rule: `${SPEC}, Tool Names`,
  severity: "fail",
  remedy:
    "Use 1 to 64 letters, digits, underscores and hyphens: hosts put a prefix in front and models refuse more.",
  faultOf: ({ name }, all) =>
    typeof name !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(name)
      ? "has a name that models refuse"
      : all.filter((other) => other["name"] === name).length > 1
      ? "is there twice"
      : undefined,
});

const schemas = everyTool({
  id: "tools-schemas",
  title: "Input schemas are plain objects at their root",
  rule: `${SPEC}, Tool (inputSchema); observed with model providers`,
  severity: "fail",
  remedy:
    "Let each root have type object without anyOf, oneOf or allOf; providers refuse the whole list otherwise.",
  faultOf: ({ inputSchema: schema }) => {
    if (!isObject(schema) || schema["type"] !== "object") return "has no root of type object";
    const union = ["anyOf", "oneOf", "allOf"].find((word) => word in schema);
    return union && `has ${union} at its root`;
  },
});

const formats = everyTool({
  id: "tools-format",
  title: "Input schemas do without format and remote references",
  rule: `${SPEC}, Tool (inputSchema); observed with real clients`,
  severity: "warn",
  remedy: "Use pattern and description instead of format, and definitions of the schema's own.",
  faultOf: ({ inputSchema: schema }) =>
    usesKeyword(schema, (word) => word === "format")
      ? "uses format"
      : usesKeyword(schema, (word, value) => word === "$ref" && !String(value).startsWith("#"))
      ? "refers to another document"
      : undefined,
});

const descriptions = everyTool({
  id: "tools-descriptions",
  title: "Every tool says what it is for, in visible characters",
  rule: `${SPEC}, Tool (description) and Security Considerations`,
  severity: "warn",
  remedy:
    "Write a description for a model, of at most some 2000 characters and without hidden ones.",
  faultOf: ({ description }) => {
    if (typeof description !== "string" || description.trim().length < 10) return "has none";
    if (description.length > 4000) return "has a very long one";
    // Tags, direction overrides and zero-width characters carry text that a person does not see.
    return /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u{e0000}-\u{e007f}]/u.test(description)
      ? "has hidden characters"
      : undefined;
  },
});

const annotations = everyTool({
  id: "tools-annotations",
  title: "Every tool says whether it only reads",
  rule: `${SPEC}, Tool Annotations`,
  severity: "warn",
  remedy:
    "Set readOnlyHint (and destructiveHint where it is false); without them hosts ask for each call.",
  faultOf: ({ annotations }) => {
    if (!isObject(annotations)) return "has no annotations";
    const { readOnlyHint, destructiveHint } = annotations;
    if (typeof readOnlyHint !== "boolean") return "has no readOnlyHint";
    return readOnlyHint && destructiveHint === true ? "reads only and destroys" : undefined;
  },
});

const caching: Check = {
  id: "tools-cache",
  title: "The list says who may keep it, and one that depends on the caller is private",
  rule: "MCP 2026-07-28 Caching",
  severity: "fail",
  remedy: 'Send ttlMs and cacheScope, "private" where the list depends on the token.',
  async run(context) {
    const { call } = await context.fact(modernSpeaker);
    const { message } = await call("tools/list");
    const { ttlMs, cacheScope } = message?.result ?? {};
    const scoped = cacheScope === "private" || cacheScope === "public";
    if (typeof ttlMs !== "number" || ttlMs < 0 || !scoped) {
      return fault(`ttlMs ${context.show(ttlMs)}, cacheScope ${context.show(cacheScope)}`);
    }
    if (cacheScope === "private" || !context.hasToken("low")) return PASS;
    const other = (await call("tools/list", {}, "low")).message?.result?.["tools"];
    return JSON.stringify(other) === JSON.stringify(message?.result?.["tools"])
      ? PASS
      : fault("two tokens see two lists, and cacheScope is public");
  },
};

const unknown: Check = {
  id: "tools-unknown",
  title: "A tool that is not there is refused",
  rule: `${SPEC}, Error Handling (-32602)`,
  severity: "fail",
  remedy:
    "Look names up in a map of your own and answer -32602; names of every object's members are no tools.",
  async run(context) {
    const { call } = await context.fact(speaker);
    const seen: string[] = [];
    for (const name of ["doctor_no_such_tool", "constructor"]) {
      const { answer, message } = await call("tools/call", { name, arguments: {} });
      const refused = message?.error !== undefined || message?.result?.["isError"] === true ||
        answer.status >= 400 && answer.status < 500;
      if (!refused) return fault(`${name} answered ${summary(answer)}`);
      if (message?.error?.code !== -32602) seen.push(`${name} answered ${summary(answer)}`);
    }
    return seen.length === 0 ? PASS : mild(seen.join("; "));
  },
};

interface ToolRule extends Omit<Check, "run"> {
  faultOf(tool: ListedTool, all: readonly ListedTool[]): string | undefined;
}

function everyTool({ faultOf: faultOfTool, ...about }: ToolRule): Check {
  return {
    ...about,
    async run(context) {
      const tools = await context.fact(listedTools);
      const seen = tools.flatMap((tool) => {
        const found = faultOfTool(tool, tools);
        return found ? [`${context.show(tool["name"])} ${found}`] : [];
      });
      const more = seen.length - MAX_SHOWN;
      return faultOf([...seen.slice(0, MAX_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])]);
    },
  };
}

/** Looks for a keyword; under `properties` a name is the tool author's own. */
function usesKeyword(schema: unknown, wanted: (word: string, value: unknown) => boolean): boolean {
  if (Array.isArray(schema)) return schema.some((item) => usesKeyword(item, wanted));
  if (!isObject(schema)) return false;
  return Object.entries(schema).some(([word, value]) => {
    if (wanted(word, value)) return true;
    if (word !== "properties" || !isObject(value)) return usesKeyword(value, wanted);
    return Object.values(value).some((property) => usesKeyword(property, wanted));
  });
}

export const tools: Group = {
  id: "tools",
  title: "List of tools",
  checks: [list, names, schemas, formats, descriptions, annotations, caching, unknown],
};
