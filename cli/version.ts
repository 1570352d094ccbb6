/** The name and version of this program, and how a person calls it here. */

import { basename } from "node:path";
import process from "node:process";
import manifest from "../package.json" with { type: "json" };

export const NAME = "gatehouse";
export const VERSION: string = manifest.version;

/** The words that start this program again: a task of the checkout, or the binary. */
export function programWords(): string {
  const runtime = basename(process.execPath).replace(/\.exe$/, "");
  if (runtime === "deno") return "deno task gatehouse";
  if (runtime === "bun" || runtime === "bun-profile") return "bun run main.ts";
  return runtime;
}
