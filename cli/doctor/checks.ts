/** Every check of the doctor, in the order in which they run and are printed. */

import { authorizationServers } from "./authorization_servers.ts";
import { browser } from "./browser.ts";
import { calls } from "./calls.ts";
import type { Group } from "./check.ts";
import { connection } from "./connection.ts";
import { credential } from "./credential.ts";
import { discovery } from "./discovery.ts";
import { era } from "./era.ts";
import { forged } from "./forged.ts";
import { host } from "./host.ts";
import { leak } from "./leak.ts";
import { message } from "./message.ts";
import { challenge, refusal } from "./refusal.ts";
import { tools } from "./tools.ts";

/** The group of leaks looks at what the others were answered, so it is the last. */
export const GROUPS: readonly Group[] = [
  connection,
  refusal,
  challenge,
  discovery,
  authorizationServers,
  forged,
  credential,
  browser,
  host,
  era,
  message,
  tools,
  calls,
  leak,
];
