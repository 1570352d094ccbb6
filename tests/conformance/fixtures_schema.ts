/** Fixture tools whose input schema is what the suite looks at. */

import { fromJsonSchema } from "@modelcontextprotocol/server";
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { text } from "./fixtures_content.ts";

/** Keywords of JSON Schema 2020-12 that a server must hand on as they are. */
const ALL_KEYWORDS = fromJsonSchema({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: { $anchor: "postal", type: "object", properties: { city: { type: "string" } } },
  },
  properties: {
    address: { $ref: "#/$defs/address" },
    channel: { enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { channel: { const: "phone" } }, required: ["channel"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
});

/** A parameter that is repeated in the `Mcp-Param-Region` header. */
const HEADER_PARAMETER = z.object({ region: z.string().meta({ "x-mcp-header": "Region" }) });

export function registerSchemaTools(server: McpServer): void {
  server.registerTool(
    "json_schema_2020_12_tool",
    { description: "Has every keyword in its input schema", inputSchema: ALL_KEYWORDS },
    () => text("Valid"),
  );
  server.registerTool(
    "test_x_mcp_header",
    { description: "Repeats a parameter in a header", inputSchema: HEADER_PARAMETER },
    ({ region }) => text(region),
  );
}
