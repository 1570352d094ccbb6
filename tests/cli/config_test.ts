import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { loadConfig } from "../../cli/config.ts";
import type { Config } from "../../cli/config_schema.ts";

const load = (env: Record<string, string> = {}): Promise<Config> => loadConfig({ env });

async function problemsOf(env: Record<string, string>): Promise<string> {
  const error = await assertRejects(() => load(env), AppError);
  assertEquals(error.code, "invalid_request");
  return error.message;
}

async function withFile(value: unknown, work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  const path = join(folder, "config.json");
  await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
  try {
    await work(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("loadConfig() without anything is a development server on loopback (R65)", async () => {
  const config = await load();
  assertEquals([config.host, config.port, config.url], [
    "127.0.0.1",
    8000,
    "http://localhost:8000",
  ]);
  assertEquals(config.allowedHosts, ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"]);
  assert(config.allowedOrigins.includes("http://localhost:6274"));
  assertEquals(config.issuers, []);
  assertEquals(config.authorizationServer.url, "http://localhost:8001");
});

test("loadConfig() reads the contract's variables", async () => {
  const config = await load({
    GATEHOUSE_HOST: "0.0.0.0",
    GATEHOUSE_PORT: "9000",
    GATEHOUSE_URL: "https://MCP.example.com:443/",
    GATEHOUSE_ISSUER: "https://login.example.com/",
    GATEHOUSE_JWKS_URI: "https://login.example.com/keys",
    GATEHOUSE_AUDIENCE: "api://one, api://two",
    GATEHOUSE_ISSUER_PROFILE: "auth0",
    GATEHOUSE_STORE: "sqlite:/tmp/x.db",
    GATEHOUSE_ALLOWED_HOSTS: "mcp.example.com,10.0.0.5:9000",
    GATEHOUSE_RATE_LIMIT: "off",
    HOME: "/root",
  });
  assertEquals(config.url, "https://mcp.example.com");
  assertEquals(config.allowedOrigins, ["https://mcp.example.com"]);
  assertEquals(config.allowedHosts, ["mcp.example.com", "10.0.0.5:9000"]);
  const [issuer] = config.issuers;
  // The trailing slash of an issuer is part of its name (R27).
  assertEquals(issuer!.issuer, "https://login.example.com/");
  assertEquals(issuer!.audiences, ["api://one", "api://two"]);
  assertEquals([issuer!.profile, issuer!.clockToleranceSeconds], ["auth0", 30]);
});

test("loadConfig() lists every problem at once, by the name the operator used", async () => {
  const problems = await problemsOf({
    GATEHOUSE_PORT: "eighty",
    GATEHOUSE_ISSUER: "http://login.example.com",
    GATEHOUSE_ISSUER_PROFILE: "acme",
    GATEHOUSE_ISUER: "typo",
    GATEHOUSE_URL: "",
  });
  for (
    const expected of [
      "GATEHOUSE_PORT (port)",
      "GATEHOUSE_ISSUER (issuers.0.issuer): must be an https URL",
      "GATEHOUSE_ISSUER_PROFILE",
      "GATEHOUSE_ISUER is not a variable",
      "GATEHOUSE_URL is empty",
    ]
  ) assertStringIncludes(problems, expected);
});

test("loadConfig() refuses plain http outside loopback (R24)", async () => {
  for (const url of ["http://mcp.example.com", "http://127.0.0.1.evil.com", "ftp://localhost"]) {
    assertStringIncludes(await problemsOf({ GATEHOUSE_URL: url }), "GATEHOUSE_URL");
  }
  assertStringIncludes(
    await problemsOf({
      GATEHOUSE_ISSUER: "https://a.example",
      GATEHOUSE_JWKS_URI: "http://a.example/keys",
    }),
    "GATEHOUSE_JWKS_URI",
  );
});

test("loadConfig() refuses a URL that is more than an origin (R3)", async () => {
  for (const url of ["https://a.example/mcp", "https://a.example/?x", "https://u:p@a.example"]) {
    assertStringIncludes(await problemsOf({ GATEHOUSE_URL: url }), "GATEHOUSE_URL");
  }
});

test("loadConfig() refuses the development issuer on an address that others reach (H259)", async () => {
  assertStringIncludes(await problemsOf({ GATEHOUSE_HOST: "0.0.0.0" }), "set GATEHOUSE_ISSUER");
  assertStringIncludes(
    await problemsOf({ GATEHOUSE_HOST: "0.0.0.0", GATEHOUSE_ISSUER: "https://a.example" }),
    "set GATEHOUSE_URL",
  );
});

test("loadConfig() asks for the audience that an Entra token will name", async () => {
  const env = {
    GATEHOUSE_ISSUER: "https://login.microsoftonline.com/tenant/v2.0",
    GATEHOUSE_ISSUER_PROFILE: "entra",
  };
  assertStringIncludes(await problemsOf(env), "GATEHOUSE_AUDIENCE");
  await load({ ...env, GATEHOUSE_AUDIENCE: "api://gatehouse" });
});

test("loadConfig() lets the environment win over the file, and flags over both", () =>
  withFile({ port: 1000, host: "127.0.0.2", store: "sqlite:file.db" }, async (file) => {
    const config = await loadConfig({
      env: { GATEHOUSE_PORT: "2000", GATEHOUSE_HOST: "127.0.0.3" },
      file,
      flags: { port: "3000", host: undefined },
    });
    assertEquals([config.port, config.host, config.store], [3000, "127.0.0.3", "sqlite:file.db"]);
  }));

test("loadConfig() refuses an unknown member of the file, and one of an issuer", () =>
  withFile({ prot: 1, issuers: [{ issuer: "https://a.example", audience: "x" }] }, async (file) => {
    const error = await assertRejects(() => loadConfig({ env: {}, file }), AppError);
    assertStringIncludes(error.message, "prot");
    assertStringIncludes(error.message, "audience");
  }));

test("loadConfig() says what is wrong with a file", async () => {
  await withFile("{", async (file) => {
    await assertRejects(() => loadConfig({ env: {}, file }), AppError, "is not valid JSON");
  });
  await withFile([], async (file) => {
    await assertRejects(() => loadConfig({ env: {}, file }), AppError, "is not a JSON object");
  });
  await assertRejects(
    () => loadConfig({ env: {}, file: "/nonexistent/gatehouse.json" }),
    AppError,
    "cannot be read",
  );
});

test("loadConfig() refuses one issuer twice", () =>
  withFile(
    { issuers: [{ issuer: "https://a.example" }, { issuer: "https://a.example" }] },
    async (file) => {
      await assertRejects(() => loadConfig({ env: {}, file }), AppError, "is given twice");
    },
  ));

test("loadConfig() takes on and off from the file and the environment, and budgets beside them", () =>
  withFile(
    { rateLimit: { client: { points: 5, seconds: 1 }, store: "redis://cache.example/1" } },
    async (file) => {
      const off = await loadConfig({ env: { GATEHOUSE_RATE_LIMIT: "off" }, file });
      assertEquals([off.rateLimit.mode, off.rateLimit.client.points], ["off", 5]);
      const memory = await loadConfig({ env: { GATEHOUSE_RATE_LIMIT_STORE: "memory" }, file });
      assertEquals([memory.rateLimit.mode, memory.rateLimit.store], ["on", "memory"]);
      assertEquals(memory.rateLimit.address, { points: 3000, seconds: 10 });
    },
  ));

test("loadConfig() keeps a file's off when the environment names a store", () =>
  withFile({ rateLimit: "off" }, async (file) => {
    const env = { GATEHOUSE_RATE_LIMIT_STORE: "redis://cache.example/1" };
    const { rateLimit } = await loadConfig({ env, file });
    assertEquals([rateLimit.mode, rateLimit.store], ["off", "redis://cache.example/1"]);
  }));

test("loadConfig() refuses a store that it cannot use, without repeating its password", async () => {
  for (
    const store of [
      "mysql://u:hunter2@db",
      "redis://u:hunter2/x@cache",
      "redis://u:hunter2@cache/main",
      "hunter2",
    ]
  ) {
    const problems = await problemsOf({ GATEHOUSE_RATE_LIMIT_STORE: store });
    assertStringIncludes(problems, "GATEHOUSE_RATE_LIMIT_STORE (rateLimit.store): must be memory");
    assert(!problems.includes("hunter2"), problems);
  }
});

test("loadConfig() trusts no proxy unless told, and never everybody (H233)", async () => {
  assertEquals((await load()).trustedProxies, []);
  const { trustedProxies } = await load({ GATEHOUSE_TRUSTED_PROXIES: "10.0.0.0/8, ::1" });
  assertEquals(trustedProxies, ["10.0.0.0/8", "::1"]);
  for (const proxies of ["0.0.0.0/0", "::/0", "localhost", "10.0.0.0/8,*"]) {
    assertStringIncludes(
      await problemsOf({ GATEHOUSE_TRUSTED_PROXIES: proxies }),
      "GATEHOUSE_TRUSTED_PROXIES",
    );
  }
});
test("loadConfig() refuses a port for the operator that is another listener's", async () => {
  assertEquals((await load()).operator, {});
  assertEquals((await load({ GATEHOUSE_OPERATOR_PORT: "9000" })).operator.port, 9000);
  for (const port of ["8000", "8001"]) {
    assertStringIncludes(await problemsOf({ GATEHOUSE_OPERATOR_PORT: port }), "is wanted twice");
  }
  const external = {
    GATEHOUSE_ISSUER: "https://login.example.com",
    GATEHOUSE_OPERATOR_PORT: "8001",
  };
  assertEquals((await load(external)).operator.port, 8001);
  assertStringIncludes(
    await problemsOf({ GATEHOUSE_OPERATOR_PORT: "x" }),
    "GATEHOUSE_OPERATOR_PORT",
  );
});

test("loadConfig() takes the hash of an operator's token, and nothing that is none", () =>
  withFile({ operator: { tokenHash: "A".repeat(64) } }, async (file) => {
    await assertRejects(() => loadConfig({ env: {}, file }), AppError, "operator.tokenHash");
  }));
