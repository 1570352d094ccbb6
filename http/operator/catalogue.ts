/** One number for what the tools promise, so that instances and releases can be compared. */

import { createHash } from "node:crypto";
import type { Registry } from "../../tools/registry.ts";

/** Hex SHA-256 of every tool's name, scopes, effect, schemas, description and upstreams. */
export function catalogueHash(registry: Registry): string {
  const promises = registry.tools.map((tool) => [
    tool.name,
    tool.scopes,
    tool.effect,
    tool.inputSchema,
    tool.outputSchema,
    tool.description,
    ...(tool.egress.length > 0 ? [tool.egress] : []),
  ]);
  return createHash("sha256").update(JSON.stringify(promises)).digest("hex");
}
