/** Entry: picks one command and runs it. */

import process from "node:process";
import { run } from "./cli/mod.ts";

// Whoever reads through a pipe may stop in the middle.
process.stdout.on("error", () => {});
const code = await run(process.argv.slice(2));
// What was written to a pipe may not have left yet, and exit() would cut it off.
await Promise.all(
  [process.stdout, process.stderr].map((stream) =>
    new Promise<void>((resolve) => stream.end(resolve))
  ),
);
process.exit(code);
