import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { readCredential } from "../../auth/bearer.ts";

function read(authorization: string | undefined, query = "") {
  const headers = new Headers();
  if (authorization !== undefined) headers.set("authorization", authorization);
  return readCredential(
    new Request("http://localhost:8000/mcp", { headers }),
    new URLSearchParams(query),
  );
}

const TOKEN = "abc.def-_.ghi~+/==";

test("readCredential() takes the scheme in any case (R18, H014)", () => {
  for (const scheme of ["Bearer", "bearer", "BEARER"]) {
    assertEquals(read(`${scheme} ${TOKEN}`), { scheme: "Bearer", token: TOKEN });
  }
  assertEquals(read(`dpop ${TOKEN}`), { scheme: "DPoP", token: TOKEN });
});

test("readCredential() sees no credential in other schemes (R19, H001-H003, H017)", () => {
  for (
    const header of [
      undefined,
      "",
      "Basic dXNlcjpwdw==",
      "Token x",
      "JWT x",
      "MAC x",
      "Negotiate x",
      "Bearerx y",
      "Bearer-x y",
    ]
  ) {
    assertEquals(read(header), undefined, String(header));
  }
});

test("readCredential() refuses malformed and repeated credentials as invalid_request (R16, H004-H013)", () => {
  const bad = [
    "Bearer",
    `Bearer  ${TOKEN}`,
    `Bearer\t${TOKEN}`,
    `Bearer \t${TOKEN}`,
    `Bearer ${TOKEN} junk`,
    `Bearer ${TOKEN},`,
    `Bearer ${TOKEN}, Bearer other`,
    `Bearer bad, Bearer ${TOKEN}`,
    `Bearer ${TOKEN}, Basic x`,
    `Basic x, Bearer ${TOKEN}`,
  ];
  for (const header of bad) {
    const error = assertThrows(() => read(header), AppError);
    assertEquals(error.code, "invalid_request", header);
  }
});

test("readCredential() refuses what no token looks like as invalid_token (R18, H015, H016, H030)", () => {
  for (
    const header of [`Bearer "${TOKEN}"`, "Bearer token=T", "Bearer {}", "Bearer [object Object]"]
  ) {
    const error = assertThrows(() => read(header), AppError);
    assertEquals(error.code, "invalid_token", header);
  }
});

test("readCredential() refuses a token in the query, with or without a header (R15, H019-H021)", () => {
  for (const query of ["access_token=x", "a=1&access%5Ftoken=x", "Access_Token=x"]) {
    for (const header of [undefined, `Bearer ${TOKEN}`]) {
      const error = assertThrows(() => read(header, query), AppError);
      assertEquals(error.code, "invalid_request", query);
    }
  }
  assertEquals(read(undefined, "token=x&api_key=y"), undefined);
});
