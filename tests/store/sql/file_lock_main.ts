/** Takes the lock that its argument names, says whether it has it, and holds it until it is killed. */

import process from "node:process";
import { takeFileLock } from "../../../store/sql/file_lock.ts";

const lock = takeFileLock(process.argv[2]!);
process.stdout.write(lock ? "taken\n" : "busy\n");
// The lock is not referred to any more, and must be held all the same.
setInterval(() => {}, 1000);
