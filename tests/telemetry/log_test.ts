import { test } from "node:test";
import { assertEquals, assertFalse } from "@std/assert";
import { redact } from "../../telemetry/log.ts";
import { createTestIssuer } from "../support/issuer.ts";

test("redact() takes out every token, whole or in part, and nothing else", async () => {
  const token = await (await createTestIssuer()).token();
  const [header, payload, signature] = token.split(".");
  for (
    const line of [
      `x ${token} y`,
      `{"a":"${header}.${payload}."}`,
      `Authorization: Bearer ${token}`,
      "Bearer abcdefghijkl",
      `dpop ${token}`,
    ]
  ) {
    const clean = redact(line);
    for (const part of [payload!, signature!, "abcdefghijkl"]) {
      assertFalse(clean.includes(part), line);
    }
  }
  assertEquals(redact('{"message":"request","status":200}'), '{"message":"request","status":200}');
});
