import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createScopePolicy } from "../../auth/scopes.ts";

test("missing() lets a write scope stand in for its read scope (R48)", () => {
  const policy = createScopePolicy();
  assertEquals(policy.missing(["org:write"], ["org:read"]), []);
  assertEquals(policy.missing(["org:read"], ["org:write"]), ["org:write"]);
});

test("missing() compares whole scope tokens, case-sensitively (R49)", () => {
  const policy = createScopePolicy();
  for (const almost of ["ORG:READ", "org:rea", "org:readx", "org:*", "*", "", "org:read "]) {
    assertEquals(policy.missing([almost], ["org:read"]), ["org:read"], almost);
  }
});

test("missing() keeps the order of the required scopes and reports all of them (R46)", () => {
  const policy = createScopePolicy();
  assertEquals(policy.missing([], ["org:write", "env:read"]), ["org:write", "env:read"]);
});

test("missing() is not fooled by names of Object.prototype", () => {
  const policy = createScopePolicy();
  assertEquals(policy.missing(["constructor", "__proto__"], ["org:read"]), ["org:read"]);
});

test("expand() follows implications transitively and drops what nobody defined", () => {
  const policy = createScopePolicy({
    "root": { description: "All", implies: ["org:write"] },
  });
  assertEquals(policy.expand(["root", "unheard:of"]), ["org:read", "org:write", "root"]);
});

test("baseline holds reading scopes only (R6)", () => {
  assertEquals(createScopePolicy().baseline, ["env:read", "org:read", "wks:read"]);
});

test("createScopePolicy() refuses a cycle and names it", () => {
  assertThrows(
    () =>
      createScopePolicy({
        a: { description: "A", implies: ["b"] },
        b: { description: "B", implies: ["a"] },
      }),
    AppError,
    "a -> b -> a",
  );
});

test("createScopePolicy() refuses an implied scope that does not exist", () => {
  assertThrows(
    () => createScopePolicy({ a: { description: "A", implies: ["nope"] } }),
    AppError,
    "unknown scope nope",
  );
});

test("createScopePolicy() refuses a name that is no scope-token (R50)", () => {
  for (const name of ['a"b', "a b", "a\\b", "é", ""]) {
    assertThrows(() => createScopePolicy({ [name]: { description: "A" } }), AppError);
  }
});
