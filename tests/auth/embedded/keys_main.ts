/** Loads or makes the key file that its argument names and prints the key's id; run as a process of its own by a test. */

import process from "node:process";
import { loadOrCreateKeys } from "../../../auth/embedded/keys.ts";

const { signingKeys } = await loadOrCreateKeys(process.argv[2]);
process.stdout.write(signingKeys[0]?.kid ?? "");
