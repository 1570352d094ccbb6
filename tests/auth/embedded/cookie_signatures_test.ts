/** Cookie signatures: one key signs, all verify, nothing else does. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createCookieSignatures } from "../../../auth/embedded/cookie_signatures.ts";

test("a signature is for one text and one key, and tells which key made it", () => {
  const old = createCookieSignatures(["old"]);
  const rotated = createCookieSignatures(["new", "old"]);
  const signature = old.sign("session=1");
  assertEquals([old.index("session=1", signature), rotated.index("session=1", signature)], [0, 1]);
  assertEquals(rotated.index("session=1", rotated.sign("session=1")), 0);
  assert(rotated.verify("session=1", signature));
  for (const forged of ["", "x", signature.slice(1), `${signature}A`, old.sign("session=2")]) {
    assertEquals(rotated.index("session=1", forged), -1);
    assert(!rotated.verify("session=1", forged));
  }
  assert(!createCookieSignatures(["new"]).verify("session=1", signature));
});
