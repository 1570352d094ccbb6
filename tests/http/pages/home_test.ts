/** Holds the page at `/` to its promises, as text. */

import { createHash } from "node:crypto";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { html, toText } from "../../../html.ts";
import { renderHome } from "../../../http/pages/home.ts";
import { HOSTILE, HOSTILE_SCOPE, sampleInput } from "./sample.ts";

const input = sampleInput();
const { body, headers } = renderHome(input);

function escaped(text: string): string {
  return toText(html`${text}`);
}

function contentsOf(tag: string): string[] {
  return [...body.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))].map((match) => match[1]!);
}

function sourcesOf(directive: string): string[] | undefined {
  return headers["content-security-policy"]!.split("; ")
    .map((part) => part.split(" "))
    .find(([name]) => name === directive)?.slice(1);
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

test("renderHome() writes nothing unescaped that comes from a tool or a scope", () => {
  assertEquals(contentsOf("script").length, 1);
  assert(!body.includes("<img"), "there is an image");
  assert(!body.includes(HOSTILE), "a description is not escaped");
  assertStringIncludes(body, `<p class="title">${escaped(HOSTILE)}</p>`);
  assertStringIncludes(body, escaped(JSON.stringify(HOSTILE)));
  assertStringIncludes(body, `<title>${escaped(input.name)}`);
});

test("renderHome() allows its one style and its one script by hash, and no other", () => {
  const styles = contentsOf("style");
  const scripts = contentsOf("script");
  assertEquals(sourcesOf("style-src"), styles.map(hashOf));
  assertEquals(sourcesOf("script-src"), scripts.map(hashOf));
  assertEquals([styles.length, scripts.length], [1, 1]);
  const tags = body.replace(/<(style|script)>.*?<\/\1>/gs, "").match(/<[a-z][^>]*>/g)!;
  assertEquals(tags.filter((tag) => /\s(style|on[a-z]+)=/.test(tag)), []);
});

test("renderHome() locks down everything else", () => {
  assertEquals(sourcesOf("default-src"), ["'none'"]);
  assertEquals(sourcesOf("base-uri"), ["'none'"]);
  assertEquals(sourcesOf("form-action"), ["'none'"]);
  assertEquals(sourcesOf("frame-ancestors"), ["'none'"]);
  assertEquals(sourcesOf("img-src"), ["data:"]);
  assertEquals(headers["content-type"], "text/html; charset=utf-8");
  assertEquals(headers["x-content-type-options"], "nosniff");
  assertEquals(headers["referrer-policy"], "no-referrer");
  assertEquals(headers["cache-control"], "no-store");
});

test("renderHome() gives headers that any server can send", () => {
  for (const [name, value] of Object.entries(headers)) {
    assertMatch(name, /^[a-z-]+$/);
    assertMatch(value, /^[\x20-\x7e]+$/);
  }
});

test("renderHome() loads and links nothing from elsewhere", () => {
  const references = [...body.matchAll(/\s(?:href|src|srcset|action|poster|data)="([^"]*)"/g)];
  const targets = references.map((match) => match[1]!);
  assert(targets.length > 20);
  assertEquals(targets.filter((target) => !/^(#|\/[^/]|data:image\/svg)/.test(target)), []);
  assertEquals(contentsOf("style")[0]!.match(/url\(|@import/g), null);
});

test("renderHome() names every tool with its scopes, and every scope with its meaning", () => {
  for (const { name, title, effect, scopes } of input.tools) {
    const start = body.indexOf(`<article class="tool" id="tool-${name}"`);
    assert(start > 0, `${name} has no entry`);
    const entry = body.slice(start, body.indexOf("</article>", start));
    for (const text of [name, title, effect, ...scopes]) assertStringIncludes(entry, escaped(text));
    assertStringIncludes(entry, "Input schema");
    assertStringIncludes(entry, "Output schema");
  }
  for (const [name, { description }] of input.policy.definitions) {
    assertStringIncludes(body, `<tr id="scope-${escaped(name)}">`);
    assertStringIncludes(body, escaped(description));
  }
  const row = body.slice(body.indexOf(`<tr id="scope-${escaped(HOSTILE_SCOPE)}">`)).split(
    "</tr>",
  )[0]!;
  assertStringIncludes(row, "<code>org:write</code>");
  assertStringIncludes(row, "<code>org:read</code>");
});

test("renderHome() shows a refusal with the fields that a model reads", () => {
  const code = /<code id="refusal-code">(.*?)<\/code>/s.exec(body)![1]!;
  for (
    const text of [
      "403 Forbidden",
      "WWW-Authenticate: Bearer error=",
      "error_description",
      "required_scopes",
      "missing_scopes",
      "request_id",
      "http://127.0.0.1:8000/.well-known/oauth-protected-resource/mcp",
    ]
  ) assertStringIncludes(code, text);
});

test("renderHome() says where callers sign in, and offers local clients only where there are any", () => {
  for (const issuer of input.issuers) assertStringIncludes(body, `<code>${issuer}</code>`);
  assert(!body.includes("clients add"), "there is no client to add at a foreign issuer");
  assertStringIncludes(renderHome({ ...input, embedded: true }).body, "clients add");
});

test("renderHome() gives equal pages for equal inputs, also without tools and scopes to show", () => {
  assertEquals(renderHome(sampleInput()), { body, headers });
  const bare = renderHome({ ...input, tools: [] });
  assert(!bare.body.includes("refusal-code"));
});
