import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { targetOf } from "../../upstream/target.ts";

const BASE = new URL("https://api.example.com/v1");

test("a path goes below the base URL, however it begins", () => {
  const reached = (path: string, base = BASE) => targetOf("billing", base, path).href;
  assertEquals(reached("customers/1"), "https://api.example.com/v1/customers/1");
  assertEquals(reached("/customers?limit=1&q=../x"), `${BASE}/customers?limit=1&q=../x`);
  assertEquals(reached(""), `${BASE}/`);
  assertEquals(reached("?a=1"), `${BASE}/?a=1`);
  assertEquals(reached("/batch:get"), `${BASE}/batch:get`);
  assertEquals(reached("https://api.example.com/v1/x"), `${BASE}/x`);
  assertEquals(reached("https://API.example.com:443/v1/x"), `${BASE}/x`);
  assertEquals(reached("names/a%2Fb"), `${BASE}/names/a%2Fb`);
  assertEquals(reached("a..b/.c/d."), `${BASE}/a..b/.c/d.`);
  assertEquals(reached("x", new URL("https://api.example.com")), "https://api.example.com/x");
});

test("nothing leads out of the base URL (H186)", () => {
  const hostile = [
    ...["..", "../admin", "/../admin", "a/../../admin", "a/..", ".", "./a", "a/./b"],
    ...["%2e%2e/admin", "a/%2E%2e/b", ".%2e/admin", "..%2fadmin", "a%2f..%2f..%2fadmin"],
    ...["%252e%252e/admin", "%25252e%25252e/admin", "..%5cadmin", "..;/admin", "a/..;x=1/b"],
    ...["..\\admin", "\\\\evil.example\\x", "a\\b", "//evil.example/x", "///evil.example"],
    ...["https://evil.example/v1/x", "https://api.example.com.evil.example/v1/x"],
    ...["https://api.example.com@evil.example/v1/x", "https://user@api.example.com/v1/x"],
    ...["https://user:pw@api.example.com/v1/x", "https://api.example.com:8443/v1/x"],
    ...["http://api.example.com/v1/x", "https://api.example.com/v2/x", "https://api.example.com/"],
    ...["https://api.example.com/v10/x", "https:/evil.example/x", "https:evil.example"],
    ...["gopher://api.example.com/v1/x", "file:///etc/passwd", "data:text/plain,x"],
    ...["javascript:alert(1)", "http://127.0.0.1/v1/x", "http://2130706433/", "http://0x7f.1/"],
    ...["http://017700000001/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/v1/x"],
    ...["a\tb", "/.\t./admin", "a\r\nhost: x", "a b", "a\u0000", "a#fragment", "%zz", "a%"],
    "x".repeat(8193),
  ];
  for (const path of hostile) {
    const error = assertThrows(() => targetOf("billing", BASE, path), AppError, "", path);
    assertEquals([error.code, error.reason], ["invalid_input", "upstream_path"], path);
    assertEquals(error.message.includes("evil"), false);
  }
  assertThrows(() => targetOf("billing", BASE, undefined as never), AppError);
  assertThrows(() => targetOf("billing", BASE, new URL("https://evil.example") as never), AppError);
});
