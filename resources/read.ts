/** Reads one resource for a caller: a URI of ours, its scopes, its schema, a bounded and sanitised text. */

import { AppError } from "../errors.ts";
import { sanitize } from "../tools/sanitize.ts";
import { guarded } from "./guard.ts";
import type { Caller, GuardOptions } from "./guard.ts";
import type { Resource, Resources } from "./registry.ts";

/** The contents of a resource, as the protocol has them. */
export interface ResourceContents {
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
}

/** UTF-16 units; as for the output of a tool. */
const MAX_TEXT_LENGTH = 1024 * 1024;

/**
 * Reads what a URI names.
 *
 * @throws {AppError} `not_found` for a URI of no resource and for an object that is not there, `insufficient_scope`,
 * `payload_too_large`, and what the workspace throws.
 */
export async function readResource(
  resources: Resources,
  uri: string,
  caller: Caller,
  options: GuardOptions,
): Promise<ResourceContents> {
  const found = resources.find(uri);
  if (found === undefined) {
    throw new AppError("not_found", "This server has no resource with this URI", {
      reason: "unknown_resource",
    });
  }
  const { resource, params } = found;
  const { name, scopes } = resource;
  return await guarded({ kind: "resource", name, scopes }, caller, options, async (context) => ({
    uri,
    mimeType: resource.mimeType,
    text: textOf(resource, await resource.read(params, context)),
  }));
}

/** The schema is a promise, and what it does not name stays inside. */
function textOf({ output }: Resource, value: unknown): string {
  const parsed = output.safeParse(value);
  if (!parsed.success) {
    throw new AppError("internal", "Internal error", {
      reason: "output_invalid",
      cause: parsed.error,
    });
  }
  const safe = sanitize(parsed.data);
  const text = typeof safe.value === "string" ? safe.value : safe.text;
  if (text.length <= MAX_TEXT_LENGTH) return text;
  throw new AppError("payload_too_large", "The resource is too large to be read", {
    reason: "output_too_large",
  });
}
