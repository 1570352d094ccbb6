import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { z } from "zod";
import { email, environmentId, line, organizationId, pageArguments } from "../../tools/shapes.ts";

function fits(schema: z.ZodType, value: unknown): boolean {
  return schema.safeParse(value).success;
}

test("organizationId takes the prefix and 1 to 28 letters or digits", () => {
  for (const id of ["org_1", "org_59615193906282635", `org_${"a".repeat(28)}`]) {
    assert(fits(organizationId, id), id);
  }
  for (
    const id of [
      "",
      "org_",
      "org",
      `org_${"a".repeat(29)}`,
      "ORG_1",
      " org_1",
      "org_1\n",
      "org_1/../env_1",
      "org_a_b",
      "org_é",
      "org_١",
      "env_1",
      "xorg_1",
    ]
  ) assert(!fits(organizationId, id), JSON.stringify(id));
  assert(fits(environmentId, "env_1") && !fits(environmentId, "org_1"));
});

test("email takes addresses that exist", () => {
  for (
    const address of [
      "ada@example.com",
      "o'hara+vpn.test@sub-domain.example.co.uk",
      "a@b.xn--p1ai",
      `${"a".repeat(64)}@${"b".repeat(63)}.example`,
    ]
  ) assert(fits(email, address), address);
});

test("email refuses what no mail server takes, and what could smuggle a header", () => {
  for (
    const address of [
      "",
      "ada",
      "ada@",
      "@example.com",
      "ada@localhost",
      "ada@@example.com",
      "ada@example..com",
      "ada@-example.com",
      "ada@example-.com",
      "ada@example.com.",
      ".ada@example.com",
      "ada.@example.com",
      "a..b@example.com",
      "ada @example.com",
      "ada@example.com\n",
      "ada@example.com\r\nBcc: eve@example.com",
      "Ada <ada@example.com>",
      "ada@example.com,eve@example.com",
      "\u0430da@example.com",
      `ada@${"b".repeat(64)}.example`,
      `${"a.".repeat(120)}a@example.com.example`,
    ]
  ) assert(!fits(email, address), JSON.stringify(address));
});

test("line takes names in any script, up to its length", () => {
  for (
    const name of ["A", "Acme, Inc.", "Bäckerei Sommer", "株式会社", "شركة", "क्षि", "👩‍💻 Labs"]
  ) assert(fits(line(200), name), name);
  assert(fits(line(200), "x".repeat(200)));
  assert(!fits(line(200), "x".repeat(201)));
});

test("line refuses control characters, blank ends and text that shows other than it reads", () => {
  const hidden = ["\0", "\x07", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\x9b"]
    .concat(["\u200b", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\u{e0041}"]);
  for (const character of hidden) {
    for (const text of [`a${character}b`, `${character}b`, `a${character}`, character]) {
      assert(!fits(line(200), text), JSON.stringify(text));
    }
  }
  for (const text of ["", " ", " a", "a "]) assert(!fits(line(200), text), JSON.stringify(text));
  assert(fits(line(200), "a b"));
});

test("pageToken refuses the empty string with a word on what to do", () => {
  const problems = pageArguments.pageToken.safeParse("").error?.issues.map(({ message }) =>
    message
  );
  assertEquals(problems, [
    "Must be the nextPageToken of the page before; leave it out for the first page",
  ]);
  assert(fits(pageArguments.pageToken, "x".repeat(1024)));
  assert(!fits(pageArguments.pageToken, "x".repeat(1025)));
});
