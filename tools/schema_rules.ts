/** Which input schemas are served: what real clients take, and nothing that this server does not keep. */

import { z } from "zod";

export type JsonSchema = { readonly type: "object" } & Readonly<Record<string, unknown>>;

/** Converts a zod object, as a caller sends it (`input`) or as it is answered (`output`). */
export function toJsonSchema(schema: z.ZodObject, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io });
  return { type: "object", ...rest } as JsonSchema;
}

/** Real clients refuse `format` (observed with Gemini CLI) and unions at the root of an input schema. */
export function schemaFaults(schema: JsonSchema, where: string): string[] {
  const faults: string[] = [];
  if (schema.type !== "object" || schema["anyOf"] || schema["oneOf"] || schema["allOf"]) {
    faults.push(`its ${where} schema is not a plain object`);
  }
  if (schema["additionalProperties"] !== false) {
    faults.push(`its ${where} schema is not strict (use z.strictObject)`);
  }
  if (usesKeyword(schema, "format")) {
    faults.push(`its ${where} schema uses "format" (use a pattern)`);
  }
  // Nothing here compares such a header with the body, and one that is not compared lies.
  if (usesKeyword(schema, "x-mcp-header")) {
    faults.push(`its ${where} schema uses "x-mcp-header", which is not served`);
  }
  return faults;
}

/** Looks for a keyword; under `properties` a name is the tool author's own. */
function usesKeyword(schema: unknown, wanted: string): boolean {
  if (schema === null || typeof schema !== "object") return false;
  if (Array.isArray(schema)) return schema.some((item) => usesKeyword(item, wanted));
  return Object.entries(schema).some(([keyword, value]) => {
    if (keyword === wanted) return true;
    if (keyword !== "properties") return usesKeyword(value, wanted);
    return Object.values(value as object).some((property) => usesKeyword(property, wanted));
  });
}
