import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { JsonError, parseStrictJson } from "../../http/json.ts";

test("parseStrictJson() reads what JSON.parse reads", () => {
  const texts = [
    '{"a":[1,-2.5e3,true,false,null,"x"],"b":{"a":{}}}',
    "[]",
    ' { "a" : [ { } , [ ] , "," , ":" , "{" , "\\"" , "\\\\" ] } ',
    '"\\ud83d\\ude00"',
    '[{"a":1},{"a":1}]',
    "0",
  ];
  for (const text of texts) assertEquals(parseStrictJson(text), JSON.parse(text), text);
});

test("parseStrictJson() refuses a name that stands twice in one object (H148)", () => {
  const texts = [
    '{"a":1,"a":2}',
    '{"x":{"a":[1,{"b":1}],"c":2,"a":3}}',
    '{"a":1,"\\u0061":2}',
    '[[{"a":"}","a":"{"}]]',
  ];
  for (const text of texts) {
    assertEquals(assertThrows(() => parseStrictJson(text), JsonError).kind, "shape", text);
  }
});

test("parseStrictJson() refuses names that reach a prototype (H149)", () => {
  for (const name of ["__proto__", "constructor", "prototype", "\\u005f_proto__"]) {
    assertThrows(() => parseStrictJson(`{"a":[{"${name}":{}}]}`), JsonError);
  }
  assertEquals(parseStrictJson('{"a":"__proto__"}'), { a: "__proto__" });
});

test("parseStrictJson() bounds depth, members and the length of numbers (H145, H147)", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  parseStrictJson(nested(64));
  for (const depth of [65, 1000, 100_000]) {
    assertThrows(() => parseStrictJson(nested(depth)), JsonError);
  }
  parseStrictJson(JSON.stringify(Array(10_000).fill(0)));
  assertThrows(() => parseStrictJson(JSON.stringify(Array(10_002).fill(0))), JsonError);
  assertThrows(() => parseStrictJson("1".repeat(100_000)), JsonError);
});

test("parseStrictJson() looks at depth and members before anything is built", () => {
  for (const text of ["[".repeat(65), "[" + "1,".repeat(10_001)]) {
    assertEquals(assertThrows(() => parseStrictJson(text), JsonError).kind, "shape");
  }
  assertEquals(parseStrictJson(JSON.stringify('[{"\\'.repeat(100))), '[{"\\'.repeat(100));
});

test("parseStrictJson() refuses lone surrogates, in names too (H098)", () => {
  for (const text of ['"\\ud800"', '["a","\\udc00x"]', '{"\\ud800":1}']) {
    assertEquals(assertThrows(() => parseStrictJson(text), JsonError).kind, "syntax");
  }
});

test("parseStrictJson() refuses what is not JSON (H143, H144)", () => {
  for (const text of ["", "{", "NaN", "[1,]", "{'a':1}", "01", "// x\n1", "\uFEFF1", "1e"]) {
    assertEquals(assertThrows(() => parseStrictJson(text), JsonError).kind, "syntax", text);
  }
});
