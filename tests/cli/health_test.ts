import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { needs, startProcess } from "../support/process.ts";
import { freePort, startServer } from "../support/server.ts";
import { gatehouse } from "./support.ts";

const publicServer = {
  GATEHOUSE_URL: "https://mcp.example.com",
  GATEHOUSE_ISSUER: "https://login.example.com/",
};

test("health asks under a name that the server takes, wherever it listens", async () => {
  const server = await startServer({
    env: { GATEHOUSE_HOST: "0.0.0.0", ...publicServer },
  });
  try {
    const env = { GATEHOUSE_PORT: String(server.port), GATEHOUSE_HOST: "0.0.0.0", ...publicServer };
    assertEquals(await gatehouse(["health"], env), { code: 0, out: "ok", err: "" });
    const stranger = await gatehouse(["health"], {
      ...env,
      GATEHOUSE_URL: "https://other.example.com",
    });
    assertEquals([stranger.code, stranger.out], [1, ""]);
    assertMatch(stranger.err, /^The server answers 4\d\d: /);
  } finally {
    await server.stop();
  }
});

test("health is exit code 1 where nothing listens, and where what listens is silent or endless", async () => {
  const closed = String(await freePort());
  const nobody = await gatehouse(["health"], { GATEHOUSE_PORT: closed });
  assertEquals([nobody.code, nobody.out], [1, ""]);
  assertStringIncludes(nobody.err, `No answer from 127.0.0.1, port ${closed}`);

  const http = createServer((request, response) => {
    if (request.headers["host"]?.startsWith("silent")) return;
    const more = () => void (response.destroyed || response.write("x".repeat(16_384), more));
    more();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const GATEHOUSE_PORT = String((http.address() as AddressInfo).port);
  try {
    for (const GATEHOUSE_ALLOWED_HOSTS of ["silent.example", "endless.example"]) {
      const { code, out } = await gatehouse(["health"], {
        GATEHOUSE_PORT,
        GATEHOUSE_ALLOWED_HOSTS,
      });
      assertEquals([code, out], [1, ""], GATEHOUSE_ALLOWED_HOSTS);
    }
  } finally {
    http.closeAllConnections();
    http.close();
  }
});

test("health --ready says what the server depends on", needs("deno"), async () => {
  const GATEHOUSE_OPERATOR_PORT = String(await freePort());
  const server = await startProcess({ env: { GATEHOUSE_OPERATOR_PORT } });
  try {
    const { code, out, err } = await gatehouse(["health", "--ready"], server.env);
    assertEquals([code, err], [0, ""]);
    assertMatch(out, /^ready\n/);
    for (const check of ["store", "audit", "revocations", "keys"]) {
      assertMatch(out, new RegExp(`^  ${check} +ok`, "m"));
    }
  } finally {
    await server.stop();
  }
});

test("health --ready is exit code 2 without an operator port, and 1 where something else answers", async () => {
  assertEquals((await gatehouse(["health", "--ready"])).code, 2);
  const http = createServer((_, response) => response.end("{}"));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    const GATEHOUSE_OPERATOR_PORT = String((http.address() as AddressInfo).port);
    const { code, out, err } = await gatehouse(["health", "--ready"], { GATEHOUSE_OPERATOR_PORT });
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, "is not this server");
  } finally {
    http.close();
  }
});

test("health is exit code 1 as soon as the server is told to stop, while it still answers calls", async () => {
  const server = await startServer();
  try {
    const env = { GATEHOUSE_PORT: String(server.port) };
    assertEquals((await gatehouse(["health"], env)).code, 0);
    server.app.stopping();
    const { code, err } = await gatehouse(["health"], env);
    assertEquals(code, 1);
    assertStringIncludes(err, "503");
    assertEquals((await fetch(server.url)).status, 200);
  } finally {
    await server.stop();
  }
});
