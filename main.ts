/** Entry: picks one command and runs it. */

import process from "node:process";
import { run } from "./cli/mod.ts";

process.exit(await run(process.argv.slice(2)));
