import { test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { prepare, shownHeaders } from "../../upstream/request.ts";
import type { UpstreamInit } from "../../upstream/request.ts";

const textOf = (body: Uint8Array | undefined) => body && new TextDecoder().decode(body);

test("a request is completed: method, type of the body, accept", () => {
  const plain = prepare("billing");
  assertEquals([plain.method, plain.headers, plain.body], [
    "GET",
    { accept: "application/json" },
    undefined,
  ]);
  const json = prepare("billing", { json: { a: 1 } });
  assertEquals([json.method, json.headers["content-type"], textOf(json.body)], [
    "POST",
    "application/json",
    '{"a":1}',
  ]);
  const form = prepare("billing", { method: "PUT", body: new URLSearchParams({ a: "b c" }) });
  assertEquals([form.method, form.headers["content-type"], textOf(form.body)], [
    "PUT",
    "application/x-www-form-urlencoded",
    "a=b+c",
  ]);
  const own = prepare("billing", { body: "<a/>", headers: { "Content-Type": "text/xml" } });
  assertEquals(own.headers["content-type"], "text/xml");
});

test("credentials, cookies, hop-by-hop headers and trace context are not for a handler to set (R44)", () => {
  const names = [
    ...["Authorization", "authorization", "Cookie", "DPoP", "Host", "Connection", "TE", "Via"],
    ...["Proxy-Authorization", "Transfer-Encoding", "Content-Length", "Upgrade", "Forwarded"],
    ...["X-Forwarded-For", "traceparent", "tracestate", "baggage", "Accept-Encoding", "Expect"],
  ];
  for (const name of names) {
    const init = { headers: { [name]: "x" } };
    const error = assertThrows(() => prepare("billing", init), AppError, "Internal", name);
    assertEquals([error.code, error.reason], ["internal", "upstream_bad_request"]);
    assertStringIncludes(String(error.cause), name.toLowerCase());
  }
});

test("what would be another request is refused", () => {
  const hostile: readonly UpstreamInit[] = [
    { method: "CONNECT" as never },
    { method: "get" as never },
    { method: "GET\r\nx: y" as never },
    { method: "GET", body: "x" },
    { headers: { "x": "a\r\nauthorization: Bearer x" } },
    { headers: { "x\r\nauthorization": "Bearer x" } },
    { headers: { "": "x" } },
    { headers: { x: 1 as never } },
    { headers: { x: "é" } },
    { headers: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`x${i}`, "y"])) },
    { body: "x".repeat(4 * 1024 * 1024 + 1) },
    { retries: 4 },
    { retries: 0.5 },
    { method: "POST", retries: 1 },
    { method: "PATCH", retries: 1 },
  ];
  for (const init of hostile) {
    assertThrows(() => prepare("billing", init), AppError, "", JSON.stringify(init).slice(0, 80));
  }
});

test("a handler sees neither cookies nor challenges of an answer", () => {
  assertEquals(
    shownHeaders([
      ["Set-Cookie", "a=b"],
      ["WWW-Authenticate", "Bearer"],
      ["Connection", "close"],
      ["Transfer-Encoding", "chunked"],
      ["ETag", '"1"'],
      ["Content-Type", "application/json"],
    ]),
    [["ETag", '"1"'], ["Content-Type", "application/json"]],
  );
});
