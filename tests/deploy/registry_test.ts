/** server.json: what the MCP registry's schema of 2025-12-11 and its own rules ask for, and what the server itself says. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import { MCP_PATH } from "../../http/routes.ts";
import { DEPLOY, deployFile, stages } from "./files.ts";

const SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";

const httpUrl = z.string().regex(/^https?:\/\/[^\s]+$/);

/** Stricter than the schema, which lets unknown members pass: one that is misspelt would be lost without a word. */
const server = z.strictObject({
  $schema: z.literal(SCHEMA),
  name: z.string().min(3).max(200).regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  title: z.string().min(1).max(100).optional(),
  description: z.string().min(1).max(100),
  version: z.string().min(1).max(255),
  websiteUrl: httpUrl.optional(),
  repository: z.strictObject({
    url: httpUrl,
    source: z.string().min(1),
    id: z.string().optional(),
    subfolder: z.string().optional(),
  }).optional(),
  remotes: z.array(z.strictObject({
    type: z.enum(["streamable-http", "sse"]),
    url: httpUrl,
  })).min(1),
});

const document: unknown = JSON.parse(deployFile("server.json"));

test("server.json has the members that the registry knows, within their bounds", () => {
  const { success, error } = server.safeParse(document);
  assert(success, error?.message);
  for (
    const change of [
      { name: "gatehouse" },
      { name: "com.example/gate/house" },
      { description: "x".repeat(101) },
      { website_url: "https://mcp.example.com" },
      { remotes: [{ type: "http", url: "https://mcp.example.com/mcp" }] },
    ]
  ) assertFalse(server.safeParse({ ...document as object, ...change }).success);
});

test("server.json names this version, as a version and not as a range", () => {
  const { version } = server.parse(document);
  assertEquals(version, manifest.version);
  assertFalse(/[\^~<>=*x]|latest/.test(version));
});

test("the remote is the public https endpoint of config.json, and the name belongs to its domain", () => {
  const { name, remotes, websiteUrl } = server.parse(document);
  const { url } = JSON.parse(readFileSync(join(DEPLOY, "config.json"), "utf8"));
  assertEquals(remotes, [{ type: "streamable-http", url: url + MCP_PATH }]);
  assertEquals(new URL(websiteUrl!).origin, url);
  const domain = name.split("/")[0]!.split(".").reverse().join(".");
  const { hostname } = new URL(url);
  assert(hostname === domain || hostname.endsWith(`.${domain}`), name);
});

test("the image carries the name, without which the registry takes it for nobody's", () => {
  const labels = stages().at(-1)!.filter(({ name }) => name === "LABEL").map(({ text }) => text);
  const { name } = server.parse(document);
  assertEquals(labels, [`io.modelcontextprotocol.server.name="${name}"`]);
});
