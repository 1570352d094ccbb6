/** `gatehouse audit`: what an operator sees, what a pipe gets, and how it ends. */

import { spawn } from "node:child_process";
import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { loadConfig } from "../../cli/config.ts";
import { openCommandAudit, openServerAudit } from "../../cli/audit_log.ts";
import type { OpenedAuditLog } from "../../store/audit/open.ts";
import { program } from "../support/process.ts";
import { call } from "../store/audit/support.ts";
import { gatehouse, withFolder } from "./support.ts";
import type { Environment } from "./support.ts";

const silent = { debug() {}, info() {}, warning() {}, error() {} };

interface Scene {
  readonly folder: string;
  readonly env: Environment;
  readonly log: OpenedAuditLog;
  audit(...args: string[]): ReturnType<typeof gatehouse>;
}

/** A server's log with five calls in it. */
function withLog(body: (scene: Scene) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const env = { GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}` };
    const log = await openServerAudit(await loadConfig({ env }), {
      logger: silent,
      now: () => new Date(),
    });
    const now = (n: number) => new Date(Date.now() - 10_000 + n * 1000).toISOString();
    for (let n = 1; n <= 4; n++) log.record(call(n, { time: now(n) }));
    log.record(call(5, {
      time: now(5),
      decision: "deny",
      reason: "insufficient_scope",
      principal: {
        issuer: "https://login.example.com/",
        kind: "user",
        subject: "ada\u001b[31m\u202e\r\nforged line",
        clientId: "desktop",
      },
      outcome: { status: 403 },
    }));
    await log.flush();
    try {
      await body({
        folder,
        env,
        log,
        audit: (...args) => gatehouse(["audit", ...args], env),
      });
    } finally {
      await log.close();
    }
  });
}

test("audit tail prints aligned lines, the newest last, and nothing that a terminal obeys", () =>
  withLog(async ({ audit }) => {
    const { code, out, err } = await audit("tail", "-n", "3");
    assertEquals([code, err], [0, ""]);
    const lines = out.split("\n");
    assertEquals(lines.length, 4);
    assertMatch(lines[0]!, /^time +decision +status +what +client +subject +reason *$/);
    const at = lines[0]!.indexOf("client");
    for (const line of lines.slice(1)) {
      assertMatch(line.slice(at - 2), /^ {2}(m2m_reporter|desktop)/);
    }
    assertMatch(
      lines[3]!,
      /deny +403 +list_environments +desktop +ada.*forged line +insufficient_scope/,
    );
    // deno-lint-ignore no-control-regex -- what must not be there
    assertFalse(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(out));
  }));

test("audit query --json prints one record a line, the newest first", () =>
  withLog(async ({ audit }) => {
    const { code, out, err } = await audit("query", "--json", "--tool", "list_environments");
    assertEquals([code, err], [0, ""]);
    const records = out.split("\n").map((line) => JSON.parse(line));
    assertEquals(
      records.map(({ request }) => request.id),
      [5, 4, 3, 2, 1].map((n) => `request-${n}`),
    );
    assertEquals(records[0].principal.subject, "ada\u001b[31m\u202e\r\nforged line");
    for (
      const [flags, ids] of [
        [["--decision", "deny"], [5]],
        [["--client", "desktop"], [5]],
        [["--request", "request-2"], [2]],
        [["--client", "m2m_reporter", "--limit", "2"], [4, 3]],
        [["--since", "1h", "--until", "1m"], []],
      ] as [string[], number[]][]
    ) {
      const found = await audit("query", "--json", ...flags);
      const lines = found.out === "" ? [] : found.out.split("\n");
      assertEquals(
        lines.map((line) => JSON.parse(line).request.id),
        ids.map((n) => `request-${n}`),
      );
    }
    const none = await audit("query", "--client", "nobody");
    assertEquals([none.code, none.out, none.err], [0, "", "No record matches"]);
  }));

test("audit verify is 0 for a whole trail, running or not, and 1 with the place for a broken one", () =>
  withLog(async ({ audit, log, folder, env }) => {
    const command = await openCommandAudit(await loadConfig({ env }), () => {});
    assertEquals(command.chain, "cli");
    await command.close();
    const running = await audit("verify");
    assertEquals([running.code, running.err], [0, ""]);
    assertMatch(running.out, /server +6 .* ok\n/);
    assertStringIncludes(running.out, "is whole: 8 records in 2 chains.");
    await log.close();

    const directory = join(folder, "gatehouse.audit");
    const name = (await readdir(directory)).find((file) => /^server\..*jsonl$/.test(file))!;
    const text = await readFile(join(directory, name), "utf8");
    await writeFile(join(directory, name), text.replace("request-3", "request-9"));
    const broken = await audit("verify");
    assertEquals(broken.code, 1);
    assertMatch(broken.out, /server +3 .* BROKEN\n/);
    assertStringIncludes(broken.out, `Chain server, record 4, ${name} line 4:`);
    assertStringIncludes(broken.out, "it was changed: its hash is another");
    const json = await audit("verify", "--json");
    assertEquals([json.code, JSON.parse(json.out).chains[1].fault.line], [1, 4]);
  }));

test("audit export writes a file that verifies alone, and replaces none", () =>
  withLog(async ({ audit, folder }) => {
    const file = join(folder, "export.jsonl");
    assertEquals((await audit("export", "--out", file)).code, 0);
    assertEquals((await stat(file)).mode & 0o777, 0o600);
    const verified = await gatehouse(["audit", "verify", "--file", file]);
    assertEquals([verified.code, verified.err], [0, ""]);
    assertMatch(verified.out, /is as it was written: 6 records in 1 chain\.\n[^]*compare this/);
    const again = await audit("export", "--out", file);
    assertEquals(again.code, 2);
    const { out } = await audit("export");
    const withoutTime = (text: string) =>
      text.trim().replace(/"signature":"[^"]+","time":"[^"]+","v":1}}$/, "");
    assertEquals(withoutTime(out), withoutTime(await readFile(file, "utf8")));

    const selection = await audit("export", "--decision", "deny");
    await writeFile(join(folder, "selection.jsonl"), selection.out);
    const partial = await gatehouse(["audit", "verify", "--file", join(folder, "selection.jsonl")]);
    assertEquals(partial.code, 0);
    assertStringIncludes(partial.out, "It is a selection");
    await appendFile(file, "{}\n");
    assertEquals((await gatehouse(["audit", "verify", "--file", file])).code, 2);
  }));

test("audit tells a mistake apart from an empty answer", () =>
  withLog(async ({ audit, folder }) => {
    const refused: [string[], RegExp][] = [
      [["query", "--since", "yesterday"], /--since yesterday is no time; write/],
      [["query", "--limit", "0"], /--limit 0/],
      [["tail", "-n", "many"], /--lines many/],
      [["query", "--decision", "maybe"], /allow, deny, fail/],
      [
        ["verify", "--store", `sqlite:${join(folder, "other.db")}`],
        /no audit trail in .*other\.audit/,
      ],
      [["tail", "--store", "sqlite::memory:"], /in memory/],
      [["verify", "--file", join(folder, "none")], /cannot be read/],
    ];
    for (const [args, message] of refused) {
      const { code, out, err } = await audit(...args);
      assertEquals([code, out], [2, ""], args.join(" "));
      assertMatch(err, message);
    }
    assertFalse((await readdir(folder)).includes("other.audit"));
  }));

test("GATEHOUSE_AUDIT and GATEHOUSE_INSTANCE move and name the trail", () =>
  withFolder(async (folder) => {
    const env = {
      GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}`,
      GATEHOUSE_AUDIT: join(folder, "elsewhere"),
      GATEHOUSE_INSTANCE: "eu-1",
    };
    const log = await openServerAudit(await loadConfig({ env }), {
      logger: silent,
      now: () => new Date(),
    });
    assertEquals(log.chain, "eu-1");
    await log.close();
    assertEquals((await readdir(folder)).sort(), ["elsewhere", "gatehouse.audit.keys.json"]);
    assertEquals((await gatehouse(["audit", "verify"], env)).code, 0);
    for (const name of ["cli", "EU", "a b", "../x", ""]) {
      const { code, err } = await gatehouse(["config"], { ...env, GATEHOUSE_INSTANCE: name });
      assertEquals(code, 2, name);
      assertMatch(err, /GATEHOUSE_INSTANCE/);
    }
  }));

test("audit tail --follow prints what another process adds", () =>
  withLog(async ({ log, env }) => {
    const runtime = "Deno" in globalThis ? "deno" : "bun";
    const [command, ...args] = program(runtime);
    const child = spawn(command!, [...args, "audit", "tail", "-f", "-n", "1", "--json"], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    let out = "";
    const seen = async (text: string) => {
      while (!out.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    child.stdout.setEncoding("utf8").on("data", (text) => out += text);
    try {
      await seen("request-5");
      log.record(call(6));
      await seen("request-6");
      await log.commit(call(7));
      await seen("request-7");
      const ids = out.trim().split("\n").map((line) => JSON.parse(line).request?.id);
      assertEquals(ids.filter((id) => id !== undefined), ["request-5", "request-6", "request-7"]);
    } finally {
      process.kill(child.pid!, "SIGKILL");
      await closed;
    }
    assert(out.endsWith("\n"));
  }));
