import { after, before, test } from "node:test";
import { assertEquals } from "@std/assert";
import { needs } from "../support/process.ts";
import { GROUPS } from "./groups.ts";
import { runGroup } from "./suite.ts";
import { startTarget } from "./target.ts";
import type { Target } from "./target.ts";

for (const runtime of ["deno", "bun"] as const) {
  const options = needs(runtime);
  let target: Target | undefined;
  before(async () => {
    if (options.skip === undefined) target = await startTarget({ runtime });
  });
  after(async () => {
    await target?.stop();
  });

  for (const group of GROUPS) {
    test(`hostile (${runtime}): ${group.name}, ${group.title}`, options, async () => {
      const { failures } = await runGroup(group, target!);
      assertEquals(failures.map(({ id, name, problems }) => `${id} ${name}: ${problems}`), []);
    });
  }
}
