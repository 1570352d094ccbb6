/** Writes the results for people, as an aligned table with what to do, and for programs. */

import { printableJson } from "../printable.ts";
import type { Exchange } from "./context.ts";
import type { Group } from "./check.ts";
import type { Result, Status } from "./run.ts";
import { summary } from "./messages.ts";

export interface Report {
  readonly url: string;
  readonly results: readonly Result[];
  readonly requests: number;
  readonly milliseconds: number;
}

/** How a terminal can show it. */
export interface Look {
  readonly unicode: boolean;
  readonly colour: boolean;
}

const SIGNS: Readonly<Record<Status, { unicode: string; ascii: string; colour: number }>> = {
  pass: { unicode: "✓", ascii: "+", colour: 32 },
  warn: { unicode: "!", ascii: "!", colour: 33 },
  fail: { unicode: "✗", ascii: "x", colour: 31 },
  skip: { unicode: "·", ascii: "-", colour: 2 },
};
const WIDTH = 100;

/** Plain where nothing tells more: a program that Deno compiled cannot read these variables. */
export function lookOf(
  env: Readonly<Record<string, string | undefined>>,
  terminal: boolean,
): Look {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return {
    unicode: /utf-?8/i.test(locale),
    colour: terminal && !env["NO_COLOR"] && (env["TERM"] ?? "dumb") !== "dumb",
  };
}

export function counts(results: readonly Result[]): Readonly<Record<Status, number>> {
  const all = { pass: 0, warn: 0, fail: 0, skip: 0 };
  for (const { status } of results) all[status] += 1;
  return all;
}

export function reportText(report: Report, groups: readonly Group[], look: Look): string {
  const { results } = report;
  const width = Math.max(...results.map(({ id }) => id.length));
  const blocks = groups.flatMap(({ id, title }) => {
    const own = results.filter(({ group }) => group === id);
    if (own.length === 0) return [];
    const looked = own.filter(({ status }) => status !== "skip");
    const lines = looked.flatMap((result) => linesOf(result, width, look));
    return [[title, ...lines, ...skipLines(own, look)].join("\n")];
  });
  return [report.url, ...blocks, summaryLine(report)].join("\n\n");
}

function linesOf(result: Result, width: number, look: Look): readonly string[] {
  const { id, title, status, rule, remedy, seen = "" } = result;
  const sign = SIGNS[status];
  const mark = look.unicode ? sign.unicode : sign.ascii;
  const paint = painter(status, look);
  const head = `${id.padEnd(width)}  ${title}`;
  if (status === "pass") return [`  ${paint(mark)} ${head}`];
  const indent = " ".repeat(width + 6);
  const detail = (label: string, text: string) =>
    wrap(text, WIDTH - indent.length - 8)
      .map((line, index) => `${indent}${(index === 0 ? label : "").padEnd(8)}${line}`);
  return [
    `  ${paint(mark)} ${paint(head)}`,
    ...detail("seen", seen),
    ...detail("rule", rule),
    ...detail("remedy", remedy ?? ""),
  ];
}

/** One paragraph for each reason: a run without a token skips a third of the checks for the same one. */
function skipLines(results: readonly Result[], look: Look): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { id, status, seen = "" } of results) {
    if (status === "skip") byReason.set(seen, [...byReason.get(seen) ?? [], id]);
  }
  const mark = look.unicode ? SIGNS.skip.unicode : SIGNS.skip.ascii;
  const paint = painter("skip", look);
  return [...byReason].flatMap(([reason, ids]) =>
    wrap(`skipped, ${reason}: ${ids.join(", ")}`, WIDTH - 4)
      .map((line, index) => paint(`  ${index === 0 ? mark : " "} ${line}`))
  );
}

function painter(status: Status, { colour }: Look): (text: string) => string {
  return (text) => colour ? `\x1b[${SIGNS[status].colour}m${text}\x1b[0m` : text;
}

function summaryLine({ results, requests, milliseconds }: Report): string {
  const { pass, warn, fail, skip } = counts(results);
  const checked = `${pass} passed, ${warn} ${warn === 1 ? "warning" : "warnings"}, ${fail} failed`;
  return `${checked}, ${skip} skipped; ${requests} requests in ${
    (milliseconds / 1000).toFixed(1)
  } s`;
}

export function reportJson({ url, results, requests, milliseconds }: Report): string {
  return printableJson({ url, ...counts(results), requests, milliseconds, results });
}

/** One line about an exchange, as it happens. */
export function exchangeText(exchange: Exchange): string {
  const { method, url, message, credential, answer, milliseconds } = exchange;
  const parts = [
    method,
    url,
    ...(message ? [`(${message})`] : []),
    ...(credential === "none" ? [] : [credential === "given" ? "[token]" : "[another token]"]),
  ];
  const outcome = answer === undefined ? "no answer" : summary(answer);
  return `${parts.join(" ")} -> ${outcome}, ${milliseconds} ms`;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
