/** `Mcp-Param-*`: arguments that a tool's schema wants repeated in headers (MCP 2026-07-28, `x-mcp-header`). */

import { isObject } from "../../http/params.ts";
import { headerValue } from "../header_value.ts";

export interface ToolHeaders {
  /** Takes in the result of a `tools/list`; without a cursor the list begins anew. */
  learn(result: unknown, cursor: unknown): void;
  /** The headers of a call with these params; none for a tool that no list has named. */
  headersOf(params: Readonly<Record<string, unknown>>): Record<string, string>;
}

interface Declaration {
  readonly header: string;
  readonly path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: readonly unknown[] = ["string", "integer", "boolean"];
const MAX_TOOLS = 1000;
const MAX_DECLARATIONS = 32;
const MAX_DEPTH = 8;

export function createToolHeaders(): ToolHeaders {
  const known = new Map<string, readonly Declaration[]>();
  return {
    learn(result, cursor) {
      if (cursor === undefined) known.clear();
      const tools = isObject(result) && Array.isArray(result["tools"]) ? result["tools"] : [];
      for (const tool of tools) {
        if (!isObject(tool) || typeof tool["name"] !== "string" || known.size >= MAX_TOOLS) {
          continue;
        }
        const declared = declarations(tool["inputSchema"]);
        if (declared.length > 0) known.set(tool["name"], declared);
      }
    },
    headersOf({ name, arguments: input }) {
      const headers: Record<string, string> = {};
      for (const { header, path } of known.get(String(name)) ?? []) {
        const text = textOf(path.reduce<unknown>(member, input));
        if (text !== undefined) headers[`mcp-param-${header}`] = headerValue(text);
      }
      return headers;
    },
  };
}

/** Annotations count on primitive properties, reached over `properties` alone. */
function declarations(
  schema: unknown,
  path: readonly string[] = [],
  found: Declaration[] = [],
): readonly Declaration[] {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties) || path.length >= MAX_DEPTH) return found;
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property) || found.length >= MAX_DECLARATIONS) continue;
    const header = property["x-mcp-header"];
    const at = [...path, name];
    if (typeof header === "string" && TOKEN.test(header) && TYPES.includes(property["type"])) {
      found.push({ header: header.toLowerCase(), path: at });
    }
    declarations(property, at, found);
  }
  return found;
}

function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const isExact = typeof value === "boolean" || Number.isSafeInteger(value);
  return isExact ? String(value) : undefined;
}
