import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { hostOutput, lineCutter } from "../../../cli/connect/stdio.ts";

function cut(maxBytes: number, ...chunks: (string | Uint8Array)[]): unknown[] {
  const lines: unknown[] = [];
  const feed = lineCutter(maxBytes, (line) => void lines.push(line));
  for (const chunk of chunks) {
    feed(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  }
  return lines;
}

test("lineCutter() cuts wherever the chunks end, also inside a character", () => {
  const bytes = new TextEncoder().encode('{"a":"æøå"}\r\n\n{"b":1}\nrest');
  for (let size = 1; size < bytes.length; size += 1) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    assertEquals(cut(100, ...chunks), ['{"a":"æøå"}', '{"b":1}']);
  }
});

test("lineCutter() keeps nothing of a line that is too long, and goes on behind it", () => {
  const why = { why: "it has more than 8 bytes" };
  assertEquals(cut(8, "12345678\n123456789\nok\n"), ["12345678", why, "ok"]);
  assertEquals(cut(8, ...Array(1000).fill("12345"), "\nok\n"), [why, "ok"]);
});

test("lineCutter() reports bytes that are not UTF-8 instead of replacing them", () => {
  const bytes = Uint8Array.of(0x22, 0xff, 0x22, 10, 0x31, 10);
  assertEquals(cut(8, bytes), [{ why: "it is not UTF-8" }, "1"]);
});

test("hostOutput() waits until the reader has taken a line, and outlives one that is gone", async () => {
  const pending: ((error?: Error) => void)[] = [];
  let gone = 0;
  const output = hostOutput({ write: (_text, done) => pending.push(done) > 1 }, () => gone += 1);
  let sent = false;
  const first = output.send("{}").then(() => (sent = true));
  await Promise.resolve();
  assertEquals(sent, false);
  pending.shift()!();
  await first;
  const second = output.send("{}");
  pending.shift()!(new Error("EPIPE"));
  await second;
  assertEquals(gone, 1);
});
