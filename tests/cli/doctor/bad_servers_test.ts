import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { freePort } from "../../support/server.ts";
import { gatehouse } from "../support.ts";
import { examine } from "./scene.ts";

/** A server that does what it is told to with each connection, once the first bytes have come. */
async function withSocketServer(
  answer: (socket: Socket, port: number, request: string) => void,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const { port } = server.address() as AddressInfo;
    socket.once("data", (chunk) => answer(socket, port, chunk.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** What the doctor says about a server with which no examination can begin. */
async function verdict(url: string): Promise<string> {
  const { code, out, err } = await gatehouse(["doctor", url, "--timeout", "0.5"]);
  assertEquals([code, out], [1, ""]);
  assertEquals(err.split("\n").length, 1, err);
  return err;
}

test("random bytes: this does not speak HTTP", () =>
  withSocketServer(
    (socket) => socket.end(crypto.getRandomValues(new Uint8Array(65_536)).fill(0xff, 0, 1)),
    async (url) => assertMatch(await verdict(url), /does not speak HTTP\/1\.1$/),
  ));

test("no answer: it is not waited for longer than one time-out", () =>
  withSocketServer(
    () => {},
    async (url) => assertMatch(await verdict(url), /No answer from 127\.0\.0\.1:\d+ within 0\.5 s/),
  ));

test("a byte at a time: the same", () =>
  withSocketServer(
    (socket) => {
      const timer = setInterval(() => socket.write("H"), 50);
      socket.on("close", () => clearInterval(timer));
    },
    async (url) => assertMatch(await verdict(url), /within 0\.5 s|does not speak HTTP/),
  ));

test("a connection that is closed at once", () =>
  withSocketServer(
    (socket) => socket.destroy(),
    async (url) => assertMatch(await verdict(url), /closed the connection without an answer$/),
  ));

test("headers without an end", () =>
  withSocketServer(
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const more = () => {
        while (!socket.destroyed && socket.write(`x: ${"y".repeat(8192)}\r\n`));
      };
      socket.on("drain", more);
      more();
    },
    async (url) => assertMatch(await verdict(url), /does not speak HTTP|within 0\.5 s/),
  ));

test("a redirect to itself: it is not followed, and no token is sent", () => {
  const requests: string[] = [];
  return withSocketServer(
    (socket, port, request) => {
      requests.push(request);
      const location = `http://127.0.0.1:${port}/mcp`;
      socket.end(`HTTP/1.1 307 Moved\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`);
    },
    async (url) => {
      assertMatch(await verdict(url), /redirects to http:\/\/127\.0\.0\.1:\d+\/mcp; give the URL/);
      const { code, err } = await gatehouse(["doctor", url, "--token", "-"], {}, "secret-of-mine");
      assertEquals(code, 1);
      assertMatch(err, /redirects to/);
      assertEquals(requests.length, 6, "the three requests that every examination begins with");
      assert(requests.every((request) => !request.includes("secret-of-mine")));
    },
  );
});

test("a web page: this is no MCP endpoint", () =>
  withSocketServer(
    (socket) => socket.end("HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\n\r\n<h1>"),
    async (url) => assertMatch(await verdict(url), /is no MCP endpoint \(404 text\/html\); check/),
  ));

test("a body without an end is cut off, and the examination ends", () =>
  withSocketServer(
    (socket) => {
      socket.write("HTTP/1.1 401 No\r\ncontent-type: application/json\r\n\r\n");
      const more = () => {
        while (!socket.destroyed && socket.write("x".repeat(65_536)));
      };
      socket.on("drain", more);
      more();
    },
    async (url) => {
      const { report, result } = await examine(url, ["--timeout", "0.5"]);
      assertEquals(result("refusal-json").status, "warn");
      assert(report.skip > 0);
    },
  ));

test("a server that stops to answer is given up after three requests", () => {
  let requests = 0;
  return withSocketServer(
    (socket) => {
      requests += 1;
      if (requests <= 3) socket.end("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n");
    },
    async (url) => {
      const { finished, report } = await examine(url, ["--timeout", "0.3"]);
      assertEquals(finished.code, 1);
      assertLess(requests, 12);
      const given = report.results.filter(({ seen }) => seen?.startsWith("given up after 3"));
      assert(given.length > 10, "what was not tried is skipped with the reason");
    },
  );
});

test("a server that takes its time for every answer is given up in bounded time", () =>
  withSocketServer(
    (socket) => {
      setTimeout(() => socket.end("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n"), 80);
    },
    async (url) => {
      const { report } = await examine(url, ["--timeout", "0.1"]).catch(() => ({ report: null }));
      // On a busy machine not even the first answers are in time, and that is an end as well.
      if (report === null) return;
      assert(report.results.some(({ seen }) => seen?.startsWith("given up")));
    },
  ));

test("a server that limits requests is left alone: 429 is a skip", () => {
  let requests = 0;
  return withSocketServer(
    (socket) => {
      requests += 1;
      const status = requests <= 3 ? "401 No" : "429 Slow down";
      socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
    },
    async (url) => {
      const { result } = await examine(url, ["--only", "token-garbage"]);
      assertEquals(result("token-garbage").status, "skip");
      assertMatch(result("token-garbage").seen!, /limits the rate of requests/);
    },
  );
});

test("what a server says is shown without what a terminal would obey", () =>
  withSocketServer(
    (socket) =>
      socket.end(
        'HTTP/1.1 401 No\r\nwww-authenticate: Basic realm="\x1b[2J\x9b\u202e"\r\ncontent-length: 0\r\n\r\n',
      ),
    async (url) => {
      const { out } = await gatehouse(["doctor", url, "--only", "challenge-bearer"]);
      assertMatch(out, /Basic realm="\\u001b\[2J/);
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(out));
    },
  ));

test("a name that does not exist, and a port where nothing listens", async () => {
  assertMatch(
    await verdict("http://doctor.invalid/mcp"),
    /There is no host named doctor\.invalid$/,
  );
  const url = `http://127.0.0.1:${await freePort()}/mcp`;
  assertMatch(await verdict(url), /Nothing listens on 127\.0\.0\.1:\d+; is the server running\?$/);
});

test("an issuer in our own network is not visited for a server elsewhere, and no token goes to it", async () => {
  const { mayVisit, createContext } = await import("../../../cli/doctor/context.ts");
  const far = createContext({ url: "https://mcp.example.com/mcp", timeoutMs: 100 });
  const near = createContext({ url: "http://localhost:8000/mcp", timeoutMs: 100 });
  const cases: readonly (readonly [string, boolean, boolean])[] = [
    ["https://login.example.com/", true, true],
    ["http://login.example.com/", false, false],
    ["http://localhost:8001/", false, true],
    ["https://127.0.0.1/", false, true],
    ["http://169.254.169.254/", false, false],
    ["https://user@login.example.com/", false, false],
    ["file:///etc/passwd", false, false],
  ];
  for (const [url, fromFar, fromNear] of cases) {
    assertEquals(
      [mayVisit(far, new URL(url)), mayVisit(near, new URL(url))],
      [fromFar, fromNear],
      url,
    );
  }
});
