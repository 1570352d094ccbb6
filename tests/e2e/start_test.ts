/** The program from a fresh directory, on both runtimes: it starts, is used, is stopped, and says in one line why it cannot start. */

import { connect } from "node:net";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { needs, program, run, startProcess, withDirectory } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { freePort } from "../support/server.ts";
import { callTool, FILES, LEAK, tokenOf } from "./wire.ts";

const STORE = { GATEHOUSE_STORE: "sqlite:gatehouse.db" };

for (const runtime of ["deno", "bun"] as const) {
  const options = needs(runtime);
  const command = options.skip === undefined ? program(runtime) : [];
  const inDirectory = (name: string, body: (cwd: string) => Promise<void>) =>
    test(`${runtime}: ${name}`, options, () => withDirectory(body));

  inDirectory(
    "the server starts, answers its own command line, and stops on SIGTERM",
    async (cwd) => {
      const server = await startProcess({ runtime, cwd, env: STORE });
      const gatehouse = (...args: readonly string[]) =>
        run([...command, ...args], { cwd, env: server.env });
      try {
        for (
          const line of [
            `MCP     ${server.url}/mcp`,
            `Page    ${server.url}/`,
            `Issuer  ${server.issuer}  (embedded)`,
            "Store   sqlite:gatehouse.db",
            "call list_environments",
            '"mcpServers"',
          ]
        ) assertStringIncludes(server.stdout, line);

        const call = await gatehouse("call", "list_environments");
        assertEquals([call.code, call.stderr], [0, ""]);
        assert(JSON.parse(call.stdout).environments.length > 0);
        const unknown = await gatehouse("call", "no_such_tool");
        assertEquals([unknown.code, unknown.stdout], [1, ""]);

        const add = await gatehouse("clients", "add", "ci", "--scopes", "env:read", "--json");
        assertEquals(add.code, 0);
        const { client_id, client_secret } = JSON.parse(add.stdout);
        const asClient = ["--client-id", client_id, "--client-secret", client_secret];
        const token = await gatehouse("token", ...asClient);
        assertEquals([token.code, token.stderr], [0, ""]);
        const answer = await callTool(server.url, "list_environments", {
          token: token.stdout.trim(),
        });
        assertEquals(answer.status, 200);
        await answer.body?.cancel();
      } finally {
        assertEquals(await server.stop("SIGTERM"), 0);
      }
      assertNotMatch(server.stderr, /eyJ|"level":"(WARN|ERROR|FATAL)/);
      assertEquals(readdirSync(cwd).sort(), FILES);
    },
  );

  inDirectory("SIGINT lets the running request finish", async (cwd) => {
    const server = await startProcess({ runtime, cwd, env: STORE });
    const token = await tokenOf(command, server, { cwd, scopes: "env:read" });
    const { answer, code } = await stopDuringRequest(server, token);
    assertStringIncludes(answer, "HTTP/1.1 200");
    assertStringIncludes(answer, '"id":1');
    assertEquals(code, 0);
  });

  inDirectory("a port in use is one line, exit code 2, and no file", async (cwd) => {
    const other = await startProcess({ runtime });
    try {
      for (
        const env of [
          {
            GATEHOUSE_PORT: String(other.port),
            GATEHOUSE_ISSUER_PORT: String(await freePort()),
          },
          {
            GATEHOUSE_PORT: String(await freePort()),
            GATEHOUSE_ISSUER_PORT: String(other.port),
          },
        ]
      ) {
        const { code, stdout, stderr } = await run([...command, "serve"], { cwd, env });
        const line =
          `gatehouse: Port ${other.port} on 127.0.0.1 is in use; stop what uses it or choose another port\n`;
        assertEquals([code, stdout, stderr], [2, "", line]);
      }
    } finally {
      await other.stop();
    }
    assertEquals(readdirSync(cwd), []);
  });

  inDirectory(
    "a store that cannot be used is one line, exit code 2, and left as it was",
    async (cwd) => {
      writeFileSync(join(cwd, "letter.txt"), "Dear reader,\n".repeat(100));
      const ports = {
        GATEHOUSE_PORT: String(await freePort()),
        GATEHOUSE_ISSUER_PORT: String(await freePort()),
      };
      for (
        const [location, why] of [
          [`sqlite:${join(cwd, "missing", "gatehouse.db")}`, "its directory does not exist"],
          [`sqlite:${cwd}`, "it is a directory"],
          ["sqlite:letter.txt", "it is not a database file"],
          ["mysql://user:hunter2@db", "must be sqlite:PATH"],
        ] as const
      ) {
        const { code, stdout, stderr } = await run([...command, "serve", "--store", location], {
          cwd,
          env: ports,
        });
        assertEquals([code, stdout], [2, ""], stderr);
        assertEquals(stderr.match(/\n/g)?.length, 1, stderr);
        assertStringIncludes(stderr, why);
        assertNotMatch(stderr, /hunter2/);
      }
      assertEquals(readdirSync(cwd), ["letter.txt"]);
      assertEquals(readFileSync(join(cwd, "letter.txt"), "utf8"), "Dear reader,\n".repeat(100));
    },
  );

  inDirectory("every wrong variable is named at once, with exit code 2", async (cwd) => {
    const { code, stdout, stderr } = await run([...command, "serve"], {
      cwd,
      env: {
        GATEHOUSE_PORT: "eighty",
        GATEHOUSE_URL: "http://mcp.example.com",
        GATEHOUSE_ISSUER: "",
        GATEHOUSE_POTR: "8000",
        GATEHOUSE_LOG_LEVEL: "loud",
      },
    });
    assertEquals([code, stdout], [2, ""]);
    const lines = stderr.trimEnd().split("\n");
    for (const name of ["PORT", "URL", "ISSUER", "POTR", "LOG_LEVEL"]) {
      assert(lines.some((line) => line.startsWith(`gatehouse: GATEHOUSE_${name} `)), stderr);
    }
    assertEquals(lines.length, 5);
    assertEquals(readdirSync(cwd), []);
  });

  test(`${runtime}: help is exit code 0, an unknown command or flag is 2`, options, async () => {
    for (
      const [args, expected, where, words] of [
        [["--help"], 0, "stdout", "clients"],
        [["serve", "--help"], 0, "stdout", "--port"],
        [["--version"], 0, "stdout", "gatehouse "],
        [["server"], 2, "stderr", "error: "],
        [["serve", "--prot", "1"], 2, "stderr", "unknown option"],
        [["call"], 2, "stderr", "missing required argument"],
      ] as const
    ) {
      const done = await run([...command, ...args]);
      assertEquals(done.code, expected, args.join(" "));
      assertStringIncludes(done[where], words);
      assertEquals(done[where === "stdout" ? "stderr" : "stdout"], "");
      assertNotMatch(done.stderr, LEAK);
    }
  });
}

/** Stops the server between the two halves of a request's body; returns the answer and the exit code. */
async function stopDuringRequest(
  server: RunningProcess,
  token: string,
): Promise<{ answer: string; code: number | null }> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const head = [
    "POST /mcp HTTP/1.1",
    `host: localhost:${server.port}`,
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    "accept: application/json, text/event-stream",
    "mcp-protocol-version: 2025-06-18",
    "connection: close",
    `content-length: ${body.length}`,
  ].join("\r\n");
  const socket = connect(server.port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => answer += chunk.toString());
  const closed = new Promise((resolve) => socket.on("close", resolve));
  await new Promise<void>((resolve) =>
    socket.write(`${head}\r\n\r\n${body.slice(0, 10)}`, () => resolve())
  );
  // The request has been taken up when one that came after it has been answered.
  await (await fetch(`${server.url}/healthz`)).body?.cancel();
  const exit = server.stop("SIGINT");
  while (!server.stderr.includes('"stopping"')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // As from a terminal, where `deno task` passes on what the server has got itself.
  void server.stop("SIGINT");
  // What comes now is not taken up.
  const late = await fetch(`${server.url}/healthz`).then((response) => response.status, () => 0);
  assert(late === 0 || late === 503);
  socket.write(body.slice(10));
  await closed;
  return { answer, code: await exit };
}
