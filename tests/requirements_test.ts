import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { REQUIREMENTS } from "./requirements.ts";
import { idsIn, namesIn, readCitations } from "./requirements_citations.ts";

const citations = readCitations(import.meta.dirname!);
const awaited = REQUIREMENTS
  .filter(({ notApplicable, later }) => notApplicable === undefined && later === undefined)
  .map(({ id }) => id);
const places = (id: string) =>
  (citations.get(id) ?? []).map(({ file, name }) => `${file}: ${name}`);

test("the rules are R1 to R94, each once, with source and behaviour", () => {
  assertEquals(
    REQUIREMENTS.map(({ id }) => id),
    Array.from({ length: 94 }, (_, index) => `R${index + 1}`),
  );
  for (const { id, source, behaviour, notApplicable, later, missing } of REQUIREMENTS) {
    assert(source.length > 2 && behaviour.length > 20, id);
    const states = [notApplicable, later, missing].filter((state) => state !== undefined);
    assert(states.length <= 1 && states.every((state) => state.length > 10), id);
  }
});

test("each rule that is kept is cited by a test", () => {
  assertEquals(awaited.filter((id) => !citations.has(id)), []);
});

test("no test cites a rule that does not exist, does not apply, or comes later", () => {
  const wrong = [...citations.keys()].filter((id) => !awaited.includes(id));
  assertEquals(wrong.flatMap(places), []);
});

test("idsIn() reads ids and ranges, and leaves other letters alone", () => {
  assertEquals(idsIn("x: y (R9, R12-R14, H001, R3)"), ["R9", "R12", "R13", "R14", "R3"]);
  assertEquals(idsIn("no id in HR5, XR6 or RFC 7519 (H140-H141)"), []);
});

test("namesIn() takes names of tests and of rows, not comments and other strings", () => {
  const source = [
    'test("one, with \\"quotes\\" (a)", () => {});',
    "  test(`two of ${era} (b)`, () => {});",
    'test(\n  "three, on its own line (c)",\n  () => {},\n);',
    '{\n    name: "four, a row (d)",\n    status: 401 },',
    '[{ name: "five (e)" }]',
    '// test("not this (f)")',
    '/** Nor this (g). */ assertEquals(a, b, "nor this (h)");',
    'const title = "nor this (i)";',
  ].join("\n");
  assertEquals(namesIn(source).map((name) => /\((\w)\)$/.exec(name)?.[1]), [
    "a",
    "b",
    "c",
    "d",
    "e",
  ]);
});
