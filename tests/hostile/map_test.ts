import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { GROUPS } from "./groups.ts";
import { HELD_ELSEWHERE } from "./map.ts";

const CASES = GROUPS.flatMap((group) => group.cases);
const rowOf = (id: string) => id.replace(/\..*/, "");

test("each row of H-A to H-G is attacked over a socket, or the map says where it is held", () => {
  const rows = new Set(CASES.map(({ id }) => rowOf(id)));
  const all = Array.from({ length: 197 }, (_, index) => `H${String(index + 1).padStart(3, "0")}`);
  assertEquals(all.filter((id) => !rows.has(id)), HELD_ELSEWHERE.map(({ id }) => id));
});

test("each case has an id of its own", () => {
  const ids = CASES.map(({ id }) => id);
  assertEquals(ids.filter((id, index) => ids.indexOf(id) !== index), []);
});

test("each test that the map cites exists", async () => {
  for (const { id, tests, later, decided } of HELD_ELSEWHERE) {
    assert(tests.length > 0 || later !== undefined || decided !== undefined, id);
    for (const [file, name] of tests) {
      const text = await readFile(fileURLToPath(new URL(`../${file}`, import.meta.url)), "utf8");
      // Behind the word test, perhaps on a line of its own.
      const at = text.indexOf(JSON.stringify(name));
      assert(at > 0 && /test\(\s*$/.test(text.slice(0, at)), `${id} cites ${file}: ${name}`);
    }
  }
});
