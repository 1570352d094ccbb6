/** What the files of cases have in common: numbering, tokens in a valid request, and known answers of the runtimes. */

import { adding, replacing } from "./draft.ts";
import type { Context } from "./context.ts";
import type { Case, Expectation } from "./suite.ts";

/** Gives each item a number behind the first id: H032, H032.1, H032.2. */
export function numbered<Item>(
  first: string,
  items: readonly Item[],
  make: (id: string, item: Item) => Case,
): readonly Case[] {
  const [base = first, start] = first.split(".");
  return items.map((item, index) => {
    const number = Number(start ?? 0) + index;
    return make(number === 0 ? base : `${base}.${number}`, item);
  });
}

/** A valid request but for its token. */
export function token(
  id: string,
  name: string,
  make: (context: Context) => string,
  expect: Expectation = "401i",
): Case {
  return { id, name, request: (context) => context.valid({ token: make(context) }), expect };
}

/** A valid request with further header lines. */
export function added(
  id: string,
  name: string,
  lines: readonly string[],
  expect: Expectation,
): Case {
  return { id, name, request: (context) => adding(context.valid(), ...lines), expect };
}

/** A valid request with other lines for one header. */
export function replaced(
  id: string,
  header: string,
  lines: readonly string[],
  expect: Expectation,
): Case {
  return {
    id,
    name: lines.join(" | ").slice(0, 80) || `no ${header}`,
    request: (context) => replacing(context.valid(), header, ...lines),
    expect,
  };
}

/** What a runtime answers before our code sees a request, and what our code cannot change. */
export const BY_RUNTIME = {
  headerOver64KiB: {
    deno: {
      expect: ["runtime:400", "closed"],
      why:
        "Deno answers a head of over 64 KiB or of over 100 lines itself, always with 400, and closes at once: the " +
        "reset may overtake the answer",
    },
    bun: {
      expect: ["runtime:431", "closed"],
      why:
        "Bun answers a head of over 16 KiB or of over about 200 lines itself, and closes at once: the reset may " +
        "overtake the answer",
    },
  },
} as const satisfies Record<string, NonNullable<Case["except"]>>;
