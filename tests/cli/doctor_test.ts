import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { GROUPS } from "../../cli/doctor/checks.ts";
import { lookOf, reportText } from "../../cli/doctor/report.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ROOT } from "../support/build.ts";
import { withRemote } from "./connect/remote.ts";
import { gatehouse, withServer } from "./support.ts";

test("doctor refuses what makes no sense before it sends anything, with exit code 2", async () => {
  const url = "https://doctor.invalid/mcp";
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["doctor"], /missing required argument 'url'/],
    [["doctor", "mcp.example.com"], /is no URL such as https/],
    [["doctor", "ftp://mcp.example.com/mcp"], /is no URL such as https/],
    [["doctor", "https://user:pass@mcp.example.com/mcp"], /without user name/],
    [["doctor", url, "--only", "no-such-check"], /There is no check no-such-check; the groups are/],
    [["doctor", url, "--only", ","], /There is no check/],
    [["doctor", url, "--timeout", "0"], /--timeout is in seconds/],
    [["doctor", url, "--timeout", "soon"], /--timeout is in seconds/],
    [["doctor", url, "--ca", "/no/such/file"], /has no certificate/],
    [["doctor", url, "--token", "-"], /Give the access token/],
    [["doctor", url, "--token", "two words"], /Give the access token/],
    [["doctor", url, "--token", "a", "--client-id", "b"], /either --token or --client-id/],
    [["doctor", url, "--low-token", "a"], /--low-token needs --token/],
    [["doctor", url, "--client-id", "a"], /--client-secret/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await gatehouse(args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertMatch(err, message);
  }
});

test("doctor sends a secret to no issuer that the server names by itself, and says what to set", () =>
  withRemote({
    mcp: () => ({ status: 401 }),
    metadata: { authorization_servers: ["https://issuer.doctor.invalid"] },
  }, async ({ url, calls }) => {
    for (const issuer of [{}, { GATEHOUSE_CLIENT_ISSUER: "https://other.doctor.invalid" }]) {
      const args = ["doctor", url.href, "--client-id", "a"];
      const done = await gatehouse(args, { GATEHOUSE_CLIENT_SECRET: "s3cret", ...issuer });
      assertEquals([done.code, done.out, calls.length], [1, "", 0]);
      assertMatch(done.err, /names the issuer https:\/\/issuer\.doctor\.invalid/);
      assertMatch(done.err, /nothing was sent there\. .*--issuer URL, or GATEHOUSE_CLIENT_ISSUER/);
      assert(!done.err.includes("s3cret"));
    }
  }));

test("doctor prints an aligned table, in ASCII where the locale is not UTF-8, and no colours to a pipe", () =>
  withServer(async ({ server }) => {
    const args = ["doctor", `${server.url}/mcp`, "--only", "challenge,credential-scheme-case"];
    const utf8 = await gatehouse(args, { LANG: "en_US.UTF-8" });
    const ascii = await gatehouse(args, { LANG: "C" });
    assertMatch(utf8.out, /^ {2}✓ challenge-bearer +The 401 has a Bearer challenge/m);
    assertMatch(utf8.out, /^ {2}· skipped, needs a token \(--token\): credential-scheme-case$/m);
    assertMatch(utf8.out, /\n8 passed, 0 warnings, 0 failed, 1 skipped; \d+ requests in [\d.]+ s$/);
    assertMatch(ascii.out, /^ {2}\+ challenge-bearer /m);
    assert(/^[\x20-\x7e\n]+$/.test(ascii.out));
    const columns = new Set(
      utf8.out.split("\n").filter((line) => line.startsWith("  ✓"))
        .map((line) => /^ {2}✓ \S+ +/.exec(line)![0].length),
    );
    assertEquals(columns.size, 1, "the titles stand under each other");
  }));

test("colours are for a terminal that has them, and for a person who did not say no", () => {
  const cases: readonly (readonly [Record<string, string>, boolean, boolean])[] = [
    [{ TERM: "xterm-256color" }, true, true],
    [{ TERM: "xterm-256color" }, false, false],
    [{ TERM: "xterm-256color", NO_COLOR: "1" }, true, false],
    [{ TERM: "dumb" }, true, false],
    [{}, true, false],
  ];
  for (const [env, terminal, colour] of cases) {
    assertEquals(lookOf(env, terminal).colour, colour, JSON.stringify([env, terminal]));
  }
  const failed = { id: "a-b", group: "a", title: "T", status: "fail", rule: "R" } as const;
  const report = { url: "https://x/", results: [failed], requests: 1, milliseconds: 1 };
  const groups = [{ id: "a", title: "A", checks: [] }];
  assertStringIncludes(
    reportText(report, groups, { unicode: true, colour: true }),
    "\x1b[31m✗\x1b[0m",
  );
});

test("docs/doctor.md lists every check as the code has it", () => {
  const rows = GROUPS.flatMap(({ id: group, title, checks }) => [
    `### ${title} (\`${group}\`)`,
    ...checks.map(({ id, title, severity, rule }) =>
      `| \`${id}\` | ${title} | ${severity} | ${rule} |`
    ),
  ]);
  const listed = readFileSync(join(ROOT, "docs/doctor.md"), "utf8").split("\n")
    .filter((line) => line.startsWith("### ") || line.startsWith("| `"));
  assertEquals(listed, rows);
});

test("every check says what to do, in a sentence, under an id that is its own", () => {
  const checks = GROUPS.flatMap(({ checks }) => checks);
  const names = [...GROUPS, ...checks].map(({ id }) => id);
  assertEquals(new Set(names).size, names.length);
  for (const { id, title, rule, remedy } of checks) {
    assertMatch(id, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assert(title !== "" && rule !== "" && !title.endsWith("."), id);
    assertMatch(remedy, /^[A-Z].*\.$/, id);
  }
});
