import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { GROUP_I } from "./server_map.ts";
import { GROUP_J } from "./server_map_embedded.ts";

const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `H${from + index}`);

test("each row of H-I and H-J has a test that exists, or says why not", async () => {
  assertEquals(GROUP_I.map(({ id }) => id), ids(218, 234));
  assertEquals(GROUP_J.map(({ id }) => id), ids(235, 260));
  for (const { id, tests, later, decided } of [...GROUP_I, ...GROUP_J]) {
    assert(tests.length > 0 || later !== undefined || decided !== undefined, id);
    for (const [file, name] of tests) {
      const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
      const text = await readFile(path, "utf8");
      // Behind the word test, perhaps on a line of its own.
      const at = text.indexOf(JSON.stringify(name));
      assert(at > 0 && /test\(\s*$/.test(text.slice(0, at)), `${id} cites ${file}: ${name}`);
    }
  }
  assert(GROUP_J.every(({ tests }) => tests.length > 0));
});
