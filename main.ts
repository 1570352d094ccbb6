/** Entry: picks one command and runs it. */

import process from "node:process";
import { run } from "./cli/mod.ts";

const code = await run(process.argv.slice(2));
// Bun leaves behind what a pipe has not taken yet, unless it is told that this was the end.
await Promise.all(
  [process.stdout, process.stderr].map((stream) =>
    new Promise<void>((resolve) => stream.end(resolve))
  ),
);
process.exit(code);
