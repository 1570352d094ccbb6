/** What the routes of the stand-in for the Scalekit API are made of: strict inputs, their errors, their pages. */

import { z } from "zod";
import type { State } from "./state.ts";

export interface Called {
  readonly state: State;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
  // deno-lint-ignore no-explicit-any -- each route has a schema for its own
  readonly body: any;
}

export interface Route {
  readonly method: string;
  /** `{name}` stands for one segment, without the action after a colon. */
  readonly path: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  handle(called: Called): unknown;
}

/** An error as the API answers it; the server puts hostile text in its message. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly string[];

  constructor(status: number, code: string, fields: readonly string[] = []) {
    super(code);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

export const notFound = () => new ApiError(404, "RESOURCE_NOT_FOUND");
export const taken = () => new ApiError(409, "RESOURCE_ALREADY_EXISTS");
export const invalid = (...fields: string[]) => new ApiError(400, "VALIDATION_FAILED", fields);

/** `page_size` and `page_token`, with the bounds of the endpoint and nothing beside. */
export function pages(min: number, max: number, others: z.ZodRawShape = {}): z.ZodType {
  return z.strictObject({
    page_size: z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max))
      .transform(String).optional(),
    page_token: z.string().min(1).optional(),
    ...others,
  });
}

/** Newest first, by id; the token holds the last id of a page. */
export function page<T extends { id: string }>(
  field: string,
  items: readonly T[],
  query: Called["query"],
  show: (item: T) => unknown,
) {
  const token = query["page_token"];
  const size = Number(query["page_size"] ?? 10);
  const after = token === undefined ? undefined : tokenText(String(token));
  const rest = items.filter(({ id }) => after === undefined || id < after);
  const shown = rest.slice(0, size);
  const last = shown.at(-1);
  return {
    [field]: shown.map(show),
    total_size: items.length,
    next_page_token: rest.length > size && last ? btoa(`after ${last.id}`) : "",
    prev_page_token: "",
  };
}

function tokenText(token: string): string {
  try {
    const [word, id] = atob(token).split(" ");
    if (word === "after" && id) return id;
  } catch {
    // As below.
  }
  throw new ApiError(400, "INVALID_PAGE_TOKEN", ["page_token"]);
}

/** As ids here have one length, text order is the order in which they were made. */
export function newestFirst<T extends { id: string }>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => a.id < b.id ? 1 : -1);
}

export const timestamp = () => new Date().toISOString().replace("Z", "000Z");
