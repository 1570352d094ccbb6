/** Writes audit records under load and says which are committed, until it is killed; `crash_test.ts` runs it. */

import { argv, stdout } from "node:process";
import { writeSync } from "node:fs";
import { openAudit } from "../../../store/audit/open.ts";
import { call } from "./support.ts";

const [location, first] = argv.slice(2) as [string, string];
const log = await openAudit(location, {
  instance: "server",
  version: "1.2.3",
  now: () => new Date(),
  waitMs: 5_000,
});
let n = Number(first);

async function commitForever(): Promise<never> {
  for (;;) {
    const id = n++;
    for (let noise = 0; noise < 20; noise++) log.record(call(0));
    await log.commit(call(id));
    // At once, and not through a buffer that a kill would lose.
    writeSync(stdout.fd, `${id}\n`);
  }
}

writeSync(stdout.fd, `${log.chain}\n`);
await Promise.all(Array.from({ length: 8 }, commitForever));
