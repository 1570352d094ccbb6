import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { startCanary } from "../support/upstream.ts";
import type { Canary } from "../support/upstream.ts";
import { bench, refusalOf } from "./support.ts";
import type { Bench } from "./support.ts";

const SLOW = { timeout: 30_000 };

async function withCanary(
  work: (canary: Canary, bench: Bench) => Promise<void>,
  changes: Record<string, unknown> = {},
): Promise<void> {
  const canary = await startCanary();
  try {
    const billing = {
      baseUrl: `${canary.url}/v1`,
      auth: { kind: "none" },
      allowPrivate: true,
      ...changes,
    };
    await work(canary, await bench({ billing }));
  } finally {
    await canary.stop();
  }
}

test("a call reaches the configured host and path, and brings the answer", () =>
  withCanary(async (canary, { call }) => {
    const { upstream, calls } = call();
    const billing = upstream("billing");
    const response = await billing.fetch("/invoices?limit=2", { headers: { "X-Mine": "1" } });
    assertEquals(response.status, 200);
    assertEquals(await response.json(), { method: "GET", url: "/v1/invoices?limit=2" });
    assertEquals(response.headers.get("set-cookie"), null);
    assertEquals(await billing.json("invoices", { json: { amount: 1 } }), {
      method: "POST",
      url: "/v1/invoices",
    });
    const [first, second] = canary.seen;
    assertEquals(first!.headers["x-mine"], "1");
    assertEquals(first!.headers.host, `127.0.0.1:${canary.port}`);
    assertEquals(first!.headers.authorization, undefined);
    assertEquals(second!.body, '{"amount":1}');
    assertEquals(calls.map(({ name, status }) => [name, status]), [
      ["billing", 200],
      ["billing", 200],
    ]);
    // The record of a call has no path, query or body.
    assertEquals(Object.keys(calls[0]!).sort(), ["ms", "name", "status"]);
  }));

test("a tool reaches nothing that it does not declare, and nothing that is not configured", () =>
  withCanary((canary, { call }) => {
    const { upstream } = call({ egress: ["crm"] });
    const undeclared = assertThrows(() => upstream("billing"), AppError);
    assertEquals([undeclared.code, undeclared.reason], ["internal", "upstream_not_declared"]);
    const missing = assertThrows(() => upstream("crm"), AppError);
    assertEquals([missing.code, missing.reason], ["not_supported", "upstream_not_configured"]);
    assertThrows(() => call().upstream("__proto__"), AppError);
    assertEquals(canary.connections, 0);
    return Promise.resolve();
  }));

test("a redirect is an answer, and is not followed (H186)", () =>
  withCanary(async (canary, { call }) => {
    const inner = await startCanary();
    canary.answer = (_request, response) =>
      response.writeHead(302, { location: `${inner.url}/v1/secret` }).end();
    const billing = call().upstream("billing");
    assertEquals((await billing.fetch("/x")).status, 302);
    assertEquals(await refusalOf(billing.json("/x")), "unavailable upstream_status");
    assertEquals([inner.connections, canary.seen.length], [0, 2]);
    await inner.stop();
  }));

test("the body of a failure is in no error (H191)", () =>
  withCanary(async (canary, { call }) => {
    const secret = "stack at db-internal-7:5432 key=sk_live_1";
    canary.answer = (request, response) =>
      response.writeHead(Number(request.url.slice(4)), secret.slice(0, 20)).end(secret);
    const billing = call().upstream("billing");
    const expected: Record<number, string> = { 404: "not_found", 410: "not_found" };
    for (const status of [400, 401, 403, 404, 410, 409, 500, 503]) {
      const error = await assertRejects(() => billing.json(`/${status}`), AppError);
      assertEquals(error.code, expected[status] ?? "unavailable");
      assertEquals(error.details, { upstream: "billing", status });
      assertEquals(error.cause, undefined);
      assert(!JSON.stringify([error, error.message, error.stack]).includes("db-internal"));
    }
    canary.answer = (_request, response) => response.end("<html>not JSON</html>");
    assertEquals(await refusalOf(billing.json("/x")), "unavailable upstream_broken");
  }));

test(
  "an answer is read within its bounds, and only whole",
  SLOW,
  () =>
    withCanary(async (canary, { call, warnings }) => {
      const billing = call().upstream("billing");
      const answers: Record<string, [Canary["answer"], string]> = {
        "oversized with a length": [
          (_request, response) => response.end("x".repeat(20_001)),
          "unavailable upstream_too_large",
        ],
        "oversized in chunks without end": [
          (_request, response) => {
            const timer = setInterval(() => response.write("x".repeat(1000)), 1);
            response.on("close", () => clearInterval(timer));
          },
          "unavailable upstream_too_large",
        ],
        "packed": [
          (_request, response) =>
            response.writeHead(200, { "content-encoding": "gzip" }).end("packed"),
          "unavailable upstream_broken",
        ],
        "cut": [
          (_request, response) => {
            response.writeHead(200, { "content-length": "100" });
            response.write("x", () => response.destroy());
          },
          "unavailable upstream_broken",
        ],
        "cut in chunks": [
          (_request, response) => void response.write('{"a":1', () => response.destroy()),
          "unavailable upstream_broken",
        ],
        "no HTTP": [
          (_request, response) => response.socket!.end("SSH-2.0-OpenSSH_9.6\r\n"),
          "unavailable upstream_unreachable",
        ],
        "silent": [() => {}, "timeout upstream_timeout"],
        "dripping": [
          (_request, response) => {
            const timer = setInterval(() => response.write(" "), 50);
            response.on("close", () => clearInterval(timer));
          },
          "timeout upstream_timeout",
        ],
      };
      for (const [what, [answer, expected]] of Object.entries(answers)) {
        canary.answer = answer;
        assertEquals(await refusalOf(billing.fetch("/x")), expected, what);
      }
      assertEquals(warnings.length, Object.keys(answers).length);
      canary.answer = (_request, response) => response.end("x".repeat(20_000));
      assertEquals((await (await billing.fetch("/x")).text()).length, 20_000);
      await canary.stop();
      assertEquals(await refusalOf(billing.fetch("/x")), "unavailable upstream_unreachable");
    }, { maxResponseBytes: 20_000, timeoutMs: 1000 }),
);

test("a request ends with its call, by cancellation, by revocation and by the handler's own wish", () =>
  withCanary(async (canary, { call }) => {
    const arrived = () => new Promise<void>((resolve) => (canary.answer = () => resolve()));
    const closed = async (count: number) => {
      while (canary.abandoned < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };

    let waiting = arrived();
    const cancelled = new AbortController();
    let call_ = call({ signal: cancelled.signal });
    let answer = refusalOf(call_.upstream("billing").fetch("/x"));
    await waiting;
    cancelled.abort();
    assertEquals(await answer, "unavailable upstream_aborted");
    await closed(1);

    waiting = arrived();
    const revoked = new AbortController();
    call_ = call({ signal: revoked.signal });
    answer = refusalOf(call_.upstream("billing").fetch("/x"));
    await waiting;
    revoked.abort(new AppError("invalid_token", "It is over", { reason: "client_revoked" }));
    assertEquals(await answer, "invalid_token client_revoked");
    await closed(2);

    waiting = arrived();
    const own = new AbortController();
    answer = refusalOf(call().upstream("billing").fetch("/x", { signal: own.signal }));
    await waiting;
    own.abort();
    assertEquals(await answer, "unavailable upstream_aborted");
    await closed(3);

    waiting = arrived();
    call_ = call();
    const billing = call_.upstream("billing");
    answer = refusalOf(billing.fetch("/x"));
    await waiting;
    call_.close();
    assertEquals(await answer, "unavailable upstream_aborted");
    await closed(4);
    const before = canary.seen.length;
    assertEquals(await refusalOf(billing.fetch("/x")), "unavailable upstream_over");
    assertEquals(await refusalOf(billing.json("/x")), "unavailable upstream_over");
    assertEquals(canary.seen.length, before);
  }));

test("only who asks for retries gets them", SLOW, () =>
  withCanary(async (canary, { call }) => {
    const billing = call().upstream("billing");
    const busy = (times: number): Canary["answer"] => (_request, response) =>
      canary.seen.length <= times
        ? response.writeHead(503, { "retry-after": "0" }).end()
        : response.end("{}");
    canary.answer = busy(Infinity);
    assertEquals([(await billing.fetch("/x")).status, canary.seen.length], [503, 1]);
    assertEquals([(await billing.fetch("/x", { retries: 2 })).status, canary.seen.length], [
      503,
      4,
    ]);
    canary.answer = busy(5);
    assertEquals(await billing.json("/x", { retries: 2 }), {});
    assertEquals(canary.seen.length, 6);
    canary.answer = (_request, response) => response.socket!.destroy();
    await refusalOf(billing.fetch("/x", { retries: 1 }));
    assertEquals(canary.seen.length, 8);
    assertEquals(
      await refusalOf(billing.fetch("/x", { method: "POST", retries: 1 })),
      [
        "internal",
        "upstream_bad_request",
      ].join(" "),
    );
    assertEquals(canary.seen.length, 8);
  }));
