import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadConfig } from "../../cli/config.ts";
import { networkNeeds } from "../../cli/network_needs.ts";
import { AppError } from "../../errors.ts";
import { gatehouse, withFolder } from "./support.ts";

const CLIENT = { kind: "client_credentials", clientId: "gatehouse", clientSecret: "hidden-1" };

/** Runs a test with a configuration file. */
function withConfig(
  config: Record<string, unknown>,
  work: (file: string) => Promise<void>,
): Promise<void> {
  return withFolder(async (folder) => {
    const file = join(folder, "config.json");
    await writeFile(file, JSON.stringify(config));
    await work(file);
  });
}

test("network lists what is listened on and connected to, with the reason", () =>
  withConfig({
    url: "https://mcp.example.com",
    host: "::",
    operator: { port: 9464 },
    store: "postgres://gatehouse:hidden-2@db.example.com/gatehouse",
    rateLimit: { store: "rediss://:hidden-3@[fd00::5]/0" },
    issuers: [{
      issuer: "https://login.example.com/",
      jwksUri: "https://keys.example.com/jwks",
      introspection: {
        endpoint: "https://login.example.com:8443/introspect",
        clientId: "a",
        clientSecret: "hidden-4",
      },
    }],
    upstreams: {
      billing: {
        baseUrl: "https://api.example.com/v1",
        auth: { ...CLIENT, tokenUrl: "https://login.example.com/token" },
      },
      crm: { baseUrl: "http://10.0.0.1/", auth: { kind: "none" }, allowPrivate: true },
    },
  }, async (file) => {
    const { code, out } = await gatehouse(["network", "--config", file]);
    assertEquals(code, 0);
    assertEquals(out.split("\n").slice(1).map((line) => line.split(/ {2,}/)), [
      ["listen", "[::]:8000", "host, port"],
      ["listen", "127.0.0.1:9464", "operator.port"],
      ["connect", "db.example.com:5432", "store"],
      ["connect", "[fd00::5]:6379", "rateLimit.store"],
      ["connect", "keys.example.com:443", "issuers.0.jwksUri"],
      ["connect", "login.example.com:8443", "issuers.0.introspection.endpoint"],
      ["connect", "api.example.com:443", "upstreams.billing.baseUrl"],
      ["connect", "login.example.com:443", "upstreams.billing.auth.tokenUrl"],
      ["connect", "10.0.0.1:80", "upstreams.crm.baseUrl"],
    ]);
    const permissions = (await gatehouse(["network", "--permissions", "--config", file])).out;
    assertEquals(
      permissions.split(" ")[0],
      "--allow-net=10.0.0.1:80,127.0.0.1:9464,[::]:8000,[fd00::5]:6379,api.example.com:443," +
        "db.example.com:5432,keys.example.com:443,login.example.com:443,login.example.com:8443",
    );
    assert(!(out + permissions).includes("hidden"));
  }));

test("endpoints that only metadata names are asked for, and all that cannot be had are said at once", () =>
  withConfig({
    url: "https://mcp.example.com",
    issuers: [{ issuer: "https://a.example.com" }, { issuer: "https://b.example.com" }],
    upstreams: {
      billing: {
        baseUrl: "https://api.example.com/v1",
        auth: { ...CLIENT, issuer: "https://c.example.com" },
      },
    },
  }, async (file) => {
    const config = await loadConfig({ env: {}, file });
    const needs = await networkNeeds(config, {
      discover: (issuer, member) => Promise.resolve(`${issuer.replace(".", "-keys.")}/${member}`),
    });
    assertEquals(needs.slice(1).map(({ host }) => host.split(":")[0]), [
      "a.example.com",
      "a-keys.example.com",
      "b.example.com",
      "b-keys.example.com",
      "api.example.com",
      "c.example.com",
      "c-keys.example.com",
    ]);
    const error = await assertRejects(
      () => networkNeeds(config, { discover: () => Promise.reject(new Error("away")) }),
      AppError,
    );
    assertEquals(error.message.split("\n").map((line) => line.split(":")[0]), [
      "issuers.0.issuer",
      "issuers.1.issuer",
      "upstreams.billing.auth.issuer",
    ]);
  }));

test("every fault of the upstreams is said at once, and no secret is shown", () =>
  withConfig({
    upstreams: {
      a: { baseUrl: "https://127.0.0.1/", auth: { kind: "none" } },
      b: { baseUrl: "http://2852039166/", auth: { kind: "none" }, allowPrivate: true },
      c: { baseUrl: "http://api.example.com/", auth: { kind: "none" } },
      d: { baseUrl: "https://localhost/", auth: { ...CLIENT } },
      e: {
        baseUrl: "https://api.example.com/",
        auth: {
          ...CLIENT,
          kind: "token_exchange",
          tokenUrl: "https://login.example.com/token",
          privateKeyFile: "x",
          subjectIssuers: ["https://other.example"],
        },
      },
      f: {
        baseUrl: "https://api.example.com/",
        auth: { ...CLIENT, kind: "token_exchange", tokenUrl: "https://[::ffff:127.0.0.1]/" },
      },
      g: {
        baseUrl: "http://10.0.0.1",
        allowPrivate: true,
        auth: { ...CLIENT, issuer: "https://x" },
      },
    },
  }, async (file) => {
    const { code, err } = await gatehouse(["config", "--config", file]);
    assertEquals(code, 2);
    const faults = err.split("\n").map((line) => line.replace("gatehouse: upstreams.", ""));
    assertEquals(faults.map((line) => line.split(":")[0]), [
      "a.baseUrl",
      "b.baseUrl",
      "c.baseUrl",
      "d.baseUrl",
      "d.auth",
      "e.auth",
      "e.auth.subjectIssuers",
      "f.auth.tokenUrl",
      "f.auth.subjectIssuers",
      "g.baseUrl",
    ]);
    assert(!err.includes("hidden"));
  }));

test("a base URL or a name that is none is refused, and config shows no secret", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config.json");
    const check = async (upstreams: unknown) => {
      await writeFile(file, JSON.stringify({ upstreams }));
      return await gatehouse(["config", "--config", file]);
    };
    const none = { kind: "none" };
    for (
      const baseUrl of [
        ...["gopher://api.example.com/", "file:///etc/passwd", "ftp://x/", "api.example.com", ""],
        ...["https://user:pw@api.example.com/", "https://api.example.com/?a=1", "https://x/#a"],
      ]
    ) assertEquals((await check({ billing: { baseUrl, auth: none } })).code, 2, baseUrl);
    for (const name of ["Billing", "a b", "1a", "", "x".repeat(33)]) {
      const upstreams = JSON.parse(
        `{${JSON.stringify(name)}: {"baseUrl":"https://x","auth":{"kind":"none"}}}`,
      );
      assertEquals((await check(upstreams)).code, 2, name);
    }
    const auth = { ...CLIENT, tokenUrl: "https://login.example.com/token" };
    const { code, out } = await check({ billing: { baseUrl: "https://api.example.com", auth } });
    assertEquals(code, 0);
    assert(!out.includes("hidden-1"));
    const { upstreams: { billing } } = JSON.parse(out);
    assertEquals([billing.timeoutMs, billing.maxResponseBytes, billing.allowPrivate], [
      10_000,
      1024 * 1024,
      false,
    ]);
  }));

test("tools --egress tells who may call what", async () => {
  const { code, out } = await gatehouse(["tools", "--egress"]);
  assertEquals([code, out], [0, "No tool calls an upstream"]);
  assertEquals(JSON.parse((await gatehouse(["tools", "--egress", "--json"])).out), []);
});
