import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { initiateLoginUri, listedUri, redirectUri } from "../../tools/uris.ts";

const fits = (schema: typeof redirectUri, value: unknown) => schema.safeParse(value).success;

const WEB = [
  "https://app.example.com",
  "https://app.example.com/",
  "https://app.example.com:8443/a/b;c=1/callback?x=1&y=%20",
  "https://xn--bckerei-5wa.example/cb",
  "https://[2001:db8::1]/cb",
  "http://localhost:3000/callback",
  "http://127.0.0.1/cb",
  "http://[::1]:61023/cb",
];
const APP = ["com.example.app:/oauth2redirect", "com.example.app://callback", "org.x-y.a1:/cb?x=1"];

test("a redirect URI is https, http on loopback or a scheme named after a domain", () => {
  for (const uri of [...WEB, ...APP]) assert(fits(redirectUri, uri), uri);
});

test("the start of a sign-in is a page of the web", () => {
  for (const uri of WEB) assert(fits(initiateLoginUri, uri), uri);
  for (const uri of APP) assert(!fits(initiateLoginUri, uri), uri);
});

/** H186, H246, H250, H256. */
test("no URI runs a script, reads a file, hides a user, has a fragment or matches more than itself", () => {
  const hostile = [
    "",
    "/callback",
    "//app.example.com/cb",
    "app.example.com/cb",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://app.example.com/1",
    "about:blank",
    "view-source:https://app.example.com/",
    "ws://app.example.com/",
    "myapp://callback",
    "com.example.app:callback",
    "com.example.app:",
    ".com:/cb",
    "http://app.example.com/cb",
    "http://localhost.example.com/cb",
    "http://localhost@evil.example/cb",
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.2/cb",
    "http://2130706433/cb",
    "http://0x7f.1/cb",
    "http://[::]/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://localhost:99999/cb",
    "https://user@app.example.com/cb",
    "https://app.example.com:secret@evil.example/cb",
    "https://app.example.com/cb#",
    "https://app.example.com/cb#token",
    "https://*.example.com/cb",
    "https://app.example.com\\@evil.example/",
    "https://app.example.com/a b",
    "https://app.example.com/\r\nLocation: https://evil.example/",
    "https://app.example.com/cb\n",
    " https://app.example.com/cb",
    "https://bäckerei.example/cb",
    "https://app.example.com/\u202ebc",
    "https://",
    "https:///cb",
    "https:/app.example.com/cb",
    `https://app.example.com/${"a".repeat(1024)}`,
  ];
  for (const schema of [redirectUri, initiateLoginUri]) {
    for (const uri of hostile) assert(!fits(schema, uri), JSON.stringify(uri));
  }
});

test("a URI that browsers would send in another form is refused with a word on the form", () => {
  const other = [
    "https://app.example.com:443/cb",
    "http://localhost:80/cb",
    "https://app.example.com/a/../cb",
    "https://app.example.com/./cb",
    "https://app.example.com/%2e%2e/cb",
    "https://app.example.com?x=1",
    "https://127.1/cb",
    "https://0x7f000001/cb",
    "https://app.example.com:99999/cb",
    "https://[::1",
  ];
  for (const uri of other) {
    const problems = redirectUri.safeParse(uri).error?.issues.map(({ message }) => message);
    assertEquals(problems, [
      "Must be written as browsers send it: no default port, no . or .. segments, a / before ?",
    ], uri);
  }
  for (const uri of ["HTTPS://app.example.com/cb", "https://App.example.com/cb"]) {
    assert(!fits(redirectUri, uri), uri);
  }
});

test("a URI to remove may be of any form that a list can hold", () => {
  for (const uri of [...WEB, ...APP, "myapp://callback", "https://*.example.com/#x"]) {
    assert(fits(listedUri, uri), uri);
  }
  for (const uri of ["", "a b", "a\n", "x".repeat(1025)]) assert(!fits(listedUri, uri), uri);
});
