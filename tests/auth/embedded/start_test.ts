/** Where the authorization server starts, where it refuses to, and what lives on after a restart (H259). */

import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { loadOrCreateKeys } from "../../../auth/embedded/keys.ts";
import { AppError } from "../../../errors.ts";
import { openStore } from "../../../store/mod.ts";
import { authorize, authorizeUrl, Browser, freePort, refresh, withServer } from "./support.ts";

const never = () => Promise.reject(new Error("it started"));

test("it refuses to leave loopback without an https issuer", async () => {
  for (
    const address of [
      { issuer: "http://auth.example.com" },
      { issuer: "http://192.168.1.5:8001", host: "192.168.1.5" },
      { issuer: "http://localhost:8001", host: "0.0.0.0" },
      { issuer: "http://localhost:8001", host: "::" },
      { issuer: "http://localhost.example.com:8001" },
      { issuer: "http://127.0.0.1.example.com:8001" },
    ]
  ) {
    const error = await assertRejects(
      () => withServer(address, never),
      AppError,
      "GATEHOUSE_ISSUER",
    );
    assertEquals(error.code, "invalid_request");
  }
});

test("it refuses an issuer that is no origin, no resource, and malformed users", async () => {
  for (
    const options of [
      { issuer: "http://localhost:8001/" },
      { issuer: "http://localhost:8001/path" },
      { issuer: "https://user@auth.example.com" },
      { issuer: "localhost" },
      { issuer: "ftp://localhost" },
      { resources: [] },
      { users: [{ subject: "u", name: "u", passwordHash: "password" }] },
      { users: [{ subject: "u", name: "u", passwordHash: "scrypt:2:1:1:AAAA:AAAA" }] },
    ]
  ) {
    const error = await assertRejects(() => withServer(options, never), AppError);
    assertEquals(error.code, "invalid_request");
  }
});

test("it says so when the port is taken", async () => {
  await withServer({}, async ({ server }) => {
    const error = await assertRejects(() => withServer({ port: server.port }, never), AppError);
    assertEquals(error.code, "unavailable");
  });
});

test("a public issuer without users has client credentials and nothing interactive", async () => {
  const port = await freePort();
  await withServer(
    { issuer: "https://auth.example.com", port },
    async ({ server, addClient, post }) => {
      const metadata = await server.metadata();
      assertEquals(metadata["grant_types_supported"], ["client_credentials"]);
      for (
        const member of [
          "registration_endpoint",
          "client_id_metadata_document_supported",
          "code_challenge_methods_supported",
        ]
      ) assertEquals(metadata[member], undefined, member);
      const at = `http://127.0.0.1:${port}`;
      const registration = await fetch(`${at}/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ redirect_uris: ["https://app.example.com/cb"] }),
      });
      assertEquals(registration.status, 404);
      await registration.body?.cancel();
      const client = await addClient();
      const authorization = await new Browser(at).open(authorizeUrl(at, client.id));
      assertEquals(authorization.status, 400);
      await authorization.body?.cancel();
      const token = await post("/token", { grant_type: "client_credentials" }, client.basic);
      assertEquals(token.status, 200);
      const claims = JSON.parse(atob((await token.json()).access_token.split(".")[1]));
      assertEquals(claims.iss, "https://auth.example.com");
    },
  );
});

test("a loopback issuer on every address of the machine never has the local operator decide", async () => {
  const port = await freePort();
  const options = { issuer: "https://localhost", host: "0.0.0.0", port };
  await withServer(options, async ({ server }) => {
    assertEquals((await server.metadata())["registration_endpoint"], undefined);
  });
});

test("clients and refresh tokens outlive a restart, and the store holds none of them", async () => {
  const now = () => new Date();
  const store = await openStore("sqlite::memory:", { now, seed: false });
  const keys = await loadOrCreateKeys(undefined);
  const port = await freePort();
  const written: string[] = [];
  const spied = {
    ...store,
    authorizationState: {
      ...store.authorizationState,
      put: (...record: Parameters<typeof store.authorizationState.put>) => {
        written.push(JSON.stringify(record));
        return store.authorizationState.put(...record);
      },
    },
  };
  try {
    let clientId: unknown;
    let token: unknown;
    await withServer({ store: spied, keys, port }, async (running) => {
      clientId = (await running.register())["client_id"];
      token = (await authorize(running, clientId))["refresh_token"];
    });
    await withServer({ store: spied, keys, port }, async (running) => {
      const response = await refresh(running, clientId, token);
      assertEquals(response.status, 200);
      const next = await response.json();
      await running.verify(next.access_token);
      assert(written.length >= 5);
      for (const value of [String(token), next.refresh_token, next.access_token]) {
        assert(!written.some((record) => record.includes(value)));
      }
    });
  } finally {
    await store.close();
  }
});

test("starting, serving and stopping writes nothing to the console", async () => {
  const script = fileURLToPath(new URL("./quiet_main.ts", import.meta.url));
  const isDeno = "Deno" in globalThis;
  const run = isDeno ? ["run", "-A", "--unstable-no-legacy-abort", script] : ["run", script];
  const child = spawn(process.execPath, run, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  const code = await new Promise((resolve) => child.on("close", resolve));
  assertEquals(code, 0, output);
  assertMatch(output, /^started (http:\/\/localhost:\d+)\n200 localhost 400 400\n$/);
});
