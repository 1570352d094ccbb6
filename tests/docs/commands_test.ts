/** Every command line in the documents is one that the program knows, with flags that it takes. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../support/build.ts";
import { gatehouse } from "../cli/support.ts";

const DOCUMENTS = [
  "README.md",
  "deploy/README.md",
  "deploy/Containerfile",
  "deploy/compose.yaml",
  "deploy/backup.sh",
  ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) =>
    `docs/${name}`
  ),
];

/** How a command line begins, as a task of the checkout, as a binary, or as the program of a container. */
const PROGRAM = /^(?:.* )?(?:deno task (?:-q )?gatehouse|\/?(?:[\w./-]+\/)?gatehouse)(?= |$)(?!-)/;

interface Help {
  readonly commands: ReadonlySet<string>;
  /** Whether a value follows. */
  readonly flags: ReadonlyMap<string, boolean>;
  readonly takesArguments: boolean;
}

const known = new Map<string, Promise<Help>>();

function helpOf(path: readonly string[]): Promise<Help> {
  const name = path.join(" ");
  const found = known.get(name) ?? readHelp(path);
  known.set(name, found);
  return found;
}

async function readHelp(path: readonly string[]): Promise<Help> {
  const { code, out } = await gatehouse([...path, "--help"]);
  assertEquals(code, 0, path.join(" "));
  const flags = new Map<string, boolean>();
  for (const [, short, long, value] of out.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)( <[^>]+>)?/gm)) {
    for (const flag of [short, long]) if (flag) flags.set(flag, value !== undefined);
  }
  const section = /^Commands:\n((?: .*\n?|\n(?= ))*)/m.exec(out)?.[1] ?? "";
  const commands = new Set([...section.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, word]) => word!));
  const usage = /^Usage: .*$/m.exec(out)![0];
  return { commands, flags, takesArguments: /[<[](?!options|command)[\w-]+[>\]]/.test(usage) };
}

/** Says what is wrong with the words after the program's name. */
async function faultOf(words: readonly string[]): Promise<string | undefined> {
  const rest = [...words];
  const path: string[] = [];
  while (rest.length > 0 && (await helpOf(path)).commands.has(rest[0]!)) path.push(rest.shift()!);
  if (path.length === 0 && rest.length > 0 && !rest[0]!.startsWith("-")) {
    return `there is no command ${rest[0]}`;
  }
  // Without a command it serves.
  const serves = path.length === 0 && !rest.some((word) => /^(--help|-h|--version|-V)$/.test(word));
  const { commands, flags, takesArguments } = await helpOf(serves ? ["serve"] : path);
  while (rest.length > 0) {
    const [word, value] = rest.shift()!.split("=", 2) as [string, string | undefined];
    if (word === "-") continue;
    if (!word.startsWith("-")) {
      if (commands.size > 0) return `${path.join(" ")} has no command ${word}`;
      if (!takesArguments) return `${path.join(" ")} takes no ${word}`;
      continue;
    }
    const needsValue = flags.get(word);
    if (needsValue === undefined) return `${path.join(" ")} has no flag ${word}`;
    if (needsValue && value === undefined && rest.shift() === undefined) {
      return `${word} has no value`;
    }
  }
  return undefined;
}

/** A line that may be a command; a cell of a table leaves out the program's name where it lists commands. */
interface Line {
  readonly text: string;
  readonly isCell?: boolean;
}

const BLOCK = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** In a document the lines of its code blocks and what stands between backticks, in other files what tells a person to run. */
function linesOf(name: string): readonly Line[] {
  const text = readFileSync(join(ROOT, name), "utf8");
  if (!name.endsWith(".md")) {
    return text.split("\n").filter((line) => /^(# {3}|echo )/.test(line))
      .map((line) => ({ text: line.replace(/^# +/, "").replace(/^.*now: (.*)"$/, "$1") }));
  }
  const blocks = [...text.matchAll(BLOCK)].filter(([, language]) =>
    /^(sh|console)?$/.test(language!)
  )
    .flatMap(([, , block]) => block!.replace(/\\\n\s*/g, "").split("\n"));
  const spans = text.replace(BLOCK, "").split("\n").flatMap((line) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, text]) => ({
      text: text!,
      isCell: line.startsWith("|"),
    }))
  );
  return [...blocks.map((text) => ({ text })), ...spans];
}

/** The words after the program's name, as a shell would split them; undefined where the line is none of ours. */
async function wordsOf({ text, isCell = false }: Line): Promise<readonly string[] | undefined> {
  const command = text.trim().replace(/^\$ /, "").split(/\s(?:[|;]|&&|<|>|#)\s?/)[0]!
    .replace(/^(?:[A-Z_]+=(?:'[^']*'|\S*) )+/, "");
  const start = PROGRAM.exec(command)?.[0] ??
    (isCell && / /.test(command) && (await helpOf([])).commands.has(command.split(" ")[0]!)
      ? ""
      : undefined);
  if (start === undefined) return undefined;
  return (command.slice(start.length).replace(/\[(-[^\]]+)\]/g, "$1")
    .match(/'[^']*'|"[^"]*"|\S+/g) ?? []).filter((word) => word !== "...");
}

for (const name of DOCUMENTS) {
  test(`every command line in ${name} is one that the program takes`, async () => {
    const wrong: string[] = [];
    for (const line of linesOf(name)) {
      const words = await wordsOf(line);
      const fault = words && await faultOf(words);
      if (fault !== undefined) wrong.push(`${line.text.trim()}: ${fault}`);
    }
    assertEquals(wrong, []);
  });
}

test("the commands are found, and a wrong one is told from a right one", async () => {
  const found = await Promise.all(linesOf("docs/operations.md").map(wordsOf));
  const count = found.filter((words) => words !== undefined).length;
  assert(count > 50, `${count} command lines`);
  for (
    const [words, fault] of [
      ["audit verify --file x.jsonl", undefined],
      ["revoke --client a --reason 'b c'", undefined],
      ["", undefined],
      ["--help", undefined],
      ["audits verify", "there is no command audits"],
      ["audit check", "audit has no command check"],
      ["revoke --user ada", "revoke has no flag --user"],
      ["revoke --client", "--client has no value"],
      ["health now", "health takes no now"],
    ] as const
  ) {
    const found = await wordsOf({ text: `gatehouse ${words}`.trim() });
    assertEquals(await faultOf(found!), fault, words);
  }
});
