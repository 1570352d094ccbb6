import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { fuzz } from "./generators_fuzz.ts";
import { withScene } from "./generators_scene.ts";
import { seedFrom } from "./generators_tokens.ts";

/** On a busy machine it takes longer than the five seconds that Bun gives a test. */
const SLOW = { timeout: 30_000 };

test(
  "a damaged request never breaks the server, leaks or writes",
  SLOW,
  () =>
    withScene({ alg: "ES256" }, async ({ server, forge, url }) => {
      const seed = seedFrom(process.env);
      const token = forge.token();
      const report = await fuzz({
        port: server.port,
        host: new URL(url).host,
        token,
        secrets: [token.split(".")[2]!, forge.kid],
        alive: () => true,
      }, { seed, milliseconds: 2000 });
      const again = `HOSTILE_SEED=${seed}`;
      assertEquals(report.failures, [], again);
      assert(report.sent > 200 && report.statuses[200]! > 0 && report.statuses[400]! > 0, again);

      const faults = server.lines.filter(({ message, properties }) =>
        message !== "request" || properties["decision"] === "fail"
      );
      assertEquals(faults, [], again);
      const writes = server.lines.filter(({ properties }) =>
        properties["tool"] === "create_organization" && properties["status"] === 200
      );
      assertEquals(writes, [], again);
    }),
);
