/** `gatehouse connect` as a process: what it writes, how it ends, and what it does when its server does not play along. */

import { test } from "node:test";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { run } from "../../cli/mod.ts";
import { EXECUTABLES, ROOT } from "../support/build.ts";
import { needs, program, run as runProgram } from "../support/process.ts";
import type { Runtime } from "../support/process.ts";
import { freePort, startServer } from "../support/server.ts";
import { initialize, modern, withBridge } from "./bridge.ts";
import { withDirectory } from "./child.ts";
import { withMachineIssuer } from "./machine_issuer.ts";
import { decisionsOn, until, withEmbedded } from "./scene.ts";
import type { EmbeddedScene } from "./scene.ts";
import type { StdioHost } from "./stdio_host.ts";

const TIMEOUT = { timeout: 30_000 };
const NOBODY = { client_id: "robot", client_secret: "not-to-be-seen" };

function call(host: StdioHost, name: string, input = {}) {
  return host.request("tools/call", modern({ name, arguments: input }));
}

for (const runtime of ["deno", "bun", "binary"] as const satisfies readonly Runtime[]) {
  test(
    `connect on ${runtime}: serves both eras, and ends with 0 when stdin closes`,
    { timeout: 120_000, ...needs(runtime) },
    () =>
      withEmbedded(async ({ url, addClient }) => {
        const credentials = await addClient("robot", "env:read org:write");
        await withBridge({ url, credentials, runtime }, async (host) => {
          const { result } = await initialize(host);
          assertEquals([result.protocolVersion, result.serverInfo.name], [
            "2025-11-25",
            "gatehouse",
          ]);
          assert((await host.request("tools/list")).result.tools.length > 3);
          const found = await host.request("server/discover", modern());
          assertEquals(found.result.supportedVersions, ["2026-07-28"]);
          const { result: who } = await call(host, "whoami");
          assertEquals(who.structuredContent.clientId, credentials.client_id);

          const environmentId = (await call(host, "list_environments")).result.structuredContent
            .environments[0].id;
          const made = await call(host, "create_organization", { environmentId, displayName: "A" });
          const users = Array.from({ length: 60 }, (_, index) => ({
            email: `p${index}@halden.example`,
            roles: ["member"],
          }));
          const input = { environmentId, organizationId: made.result.structuredContent.id, users };
          await host.request(
            "tools/call",
            modern({ name: "import_organization_users", arguments: input }, { progressToken: "p" }),
          );
          assertEquals(host.notifications.map(({ params }) => params.progress), [25, 50, 60]);
          assertEquals(await host.end(), 0);
        });
      }),
  );
}

test(
  "garbage gets an answer and the bridge goes on; stdout has nothing but JSON lines",
  TIMEOUT,
  () =>
    withEmbedded(async ({ url, addClient }) => {
      const credentials = await addClient("robot", "env:read");
      await withBridge({ url, credentials }, async (host) => {
        for (const line of ["garbage", "", "[1]", "\u0000", `"${"x".repeat(5 * 1024 * 1024)}"`]) {
          host.write(line);
        }
        assertEquals((await initialize(host)).error, undefined);
        assertEquals(host.complaints.map(({ error }) => error?.code), [
          -32700,
          -32600,
          -32700,
          -32700,
        ]);
        assertEquals(await host.end(), 0);
      });
    }),
);

test(
  "no log holds a token or a secret, not even with debug",
  TIMEOUT,
  () =>
    withEmbedded(async ({ url, addClient }) => {
      const credentials = await addClient("robot", "env:read org:write");
      const args = ["--log-level", "debug", "--header", "x-secret: of-the-header"];
      await withBridge({ url, credentials, args }, async (host) => {
        await initialize(host);
        await call(host, "create_organization", { environmentId: "env_0", displayName: "x" });
        await host.end();
        assertMatch(host.log(), /new access token/);
        for (const secret of [credentials.client_secret, "eyJ", "of-the-header"]) {
          assertFalse(host.log().includes(secret));
        }
      });
    }),
);

test(
  "a server that is not there is told in answer to initialize, and ends with 1",
  TIMEOUT,
  async () => {
    const url = `http://127.0.0.1:${await freePort()}/mcp`;
    await withBridge({ url, credentials: NOBODY }, async (host) => {
      const { error } = await initialize(host);
      assertEquals(
        error?.message,
        `No answer from ${url}; is the server running, and the URL right?`,
      );
      assertMatch((await host.request("server/discover", modern())).error!.message, /No answer/);
      assertEquals(await host.end(), 1);
    });
  },
);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(
    `${signal} ends the bridge with 0, and what it had running`,
    TIMEOUT,
    () =>
      withEmbedded(async (scene) => {
        await withRunningImport(scene, async (host, child) => {
          process.kill(child.pid!, signal);
          assertEquals(await closed(child), 0);
          assertFalse(host.log().includes("error"));
        });
      }),
  );
}

test(
  "a host that closes stdin ends what is running",
  TIMEOUT,
  () =>
    withEmbedded((scene) =>
      withRunningImport(scene, async (host) => {
        assertEquals(await host.end(), 0);
      })
    ),
);

type Child = Parameters<Parameters<typeof withBridge>[1]>[1];

async function withRunningImport(
  { url, server, addClient }: EmbeddedScene,
  leave: (host: StdioHost, child: Child) => Promise<void>,
): Promise<void> {
  const credentials = await addClient("robot", "env:read org:write");
  const args = ["--scopes", "env:read org:write"];
  await withBridge({ url, credentials, args }, async (host, child) => {
    await initialize(host);
    const environmentId = (await call(host, "list_environments")).result.structuredContent
      .environments[0].id;
    const { result } = await call(host, "list_organizations", { environmentId });
    const organizationId = result.structuredContent.organizations[0].id;
    const users = Array.from({ length: 500 }, (_, index) => ({
      email: `p${index}@halden.example`,
      roles: ["member"],
    }));
    const running = host.request(
      "tools/call",
      modern({
        name: "import_organization_users",
        arguments: { environmentId, organizationId, users },
      }, { progressToken: 1 }),
    );
    running.catch(() => {});
    await until(() => host.notifications.length > 0);
    await leave(host, child);
    await until(() => server.lines.some(({ message }) => message === "import stopped early"));
  });
}

function closed(child: Child): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.on("close", resolve));
}

test(
  "a token that expires in between is renewed, and a revoked client is told",
  TIMEOUT,
  () =>
    withMachineIssuer(async (scene) => {
      const { url, server } = scene;
      await withBridge({ url, credentials: NOBODY }, async (host) => {
        await initialize(host);
        assertEquals((await call(host, "whoami")).result.structuredContent.subject, "robot");
        assertEquals(scene.issued, 1);
        scene.pass(400);
        assertEquals((await call(host, "whoami")).result.structuredContent.subject, "robot");
        assertEquals(scene.issued, 2);
        const runs = decisionsOn(server, "whoami").filter((decision) => decision === "200 ok");
        assertEquals(runs.length, 2);
        scene.pass(400);
        scene.revoke();
        const { error } = await call(host, "whoami");
        assertEquals(error?.message, "The issuer refused: invalid_client");
        assertFalse(host.log().includes(NOBODY.client_secret));
        assertEquals(await host.end(), 0, "it has served");
      });
    }),
);

test("a server that is restarted is reached again", TIMEOUT, () =>
  withDirectory(async (folder) => {
    const env = {
      GATEHOUSE_STORE: `sqlite:${folder}/gatehouse.db`,
      GATEHOUSE_PORT: String(await freePort()),
      GATEHOUSE_ISSUER_PORT: String(await freePort()),
    };
    let server = await startServer({ env });
    try {
      // No credentials: on the server's machine the bridge has its own client.
      await withBridge({ url: server.app.resource, env }, async (host) => {
        await initialize(host);
        assertEquals((await call(host, "whoami")).error, undefined);
        await server.stop();
        assertMatch((await call(host, "whoami")).error!.message, /No answer from/);
        server = await startServer({ env });
        assertEquals((await call(host, "whoami")).error, undefined);
        assertEquals((await host.request("tools/list")).error, undefined);
        assertEquals(await host.end(), 0);
      });
    } finally {
      await server.stop();
    }
  }));

test("connect needs no more than the permissions that are compiled in", {
  ...TIMEOUT,
  ...needs("deno"),
}, () =>
  withEmbedded(async ({ url, home, issuer }) => {
    const env = {
      GATEHOUSE_STORE: `sqlite:${home}/gatehouse.db`,
      GATEHOUSE_ISSUER_PORT: new URL(issuer).port,
    };
    const main = join(ROOT, "main.ts");
    const words = [EXECUTABLES.deno, "run", "--no-prompt", "-P=gatehouse", main];
    await withBridge({ url, env, words }, async (host) => {
      await initialize(host);
      assertEquals((await call(host, "whoami")).error, undefined);
      assertEquals(await host.end(), 0);
    });
  }));

const KEYS = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: generateKeyPairSync("ed25519"),
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

for (const [alg, { publicKey, privateKey }] of Object.entries(KEYS)) {
  test(
    `a client proves itself with its key (${alg}), and token does too (RFC 7523)`,
    TIMEOUT,
    () =>
      withEmbedded(async ({ url, home }) => {
        const env = { GATEHOUSE_STORE: `sqlite:${home}/gatehouse.db` };
        const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k" }] };
        await writeFile(`${home}/jwks.json`, JSON.stringify(jwks));
        await writeFile(
          `${home}/key.json`,
          JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid: "k" }),
        );
        await writeFile(`${home}/key.pem`, privateKey.export({ format: "pem", type: "pkcs8" }));
        const lines: string[] = [];
        const io = { env, out: (line: string) => void lines.push(line), err: () => {} };
        const add = ["clients", "add", "robot", "--scopes", "env:read", "--json"];
        assertEquals(await run([...add, "--jwks", `${home}/jwks.json`], io), 0);
        const { client_id } = JSON.parse(lines.pop()!);

        const args = ["--client-id", client_id, "--private-key", `${home}/key.json`];
        await withBridge({ url, args }, async (host) => {
          await initialize(host);
          const { result } = await call(host, "whoami");
          assertEquals(result.structuredContent.clientId, client_id);
          await host.end();
          assertFalse(host.log().includes("eyJ"));
        });
        const asked = ["token", "--url", new URL(url).origin, "--json"];
        const byEnv = {
          ...env,
          GATEHOUSE_CLIENT_ID: client_id,
          GATEHOUSE_PRIVATE_KEY: `${home}/key.pem`,
        };
        assertEquals(await run(asked, { ...io, env: byEnv }), 0);
        assertEquals(JSON.parse(lines.pop()!).scope, "env:read");
      }),
  );
}

test("wrong usage ends with 2 before anything is sent", TIMEOUT, async () => {
  const url = "https://mcp.example.com/mcp";
  const wrong: [readonly string[], RegExp][] = [
    [[], /missing required argument 'url'/],
    [["not a url"], /not a URL that a credential may go to/],
    [["http://mcp.example.com/mcp"], /https:\/\//],
    [["https://user:s3cret@mcp.example.com/mcp"], /has a user name or password in it; give it/],
    [["http://s3cret@mcp.example.com/mcp"], /has a user name or password in it; give it/],
    [["http://mcp.example.com/mcp?key=s3cret"], /not a URL that a credential may go to/],
    [[`${url}?key=s3cret#x`], /fragment/],
    [[url, "--client-id", "x", "--client-secret", "y", "--issuer", "http://a.example"], /--issuer/],
    [[url, "--client-id", "x"], /both --client-id and --client-secret/],
    [[url, "--client-id", "x", "--client-secret", "y", "--private-key", "z"], /not both/],
    [[url, "--client-id", "x", "--private-key", "/nowhere"], /cannot be read/],
    [[url, "--header", "no colon s3cret"], /has the form "Name: value"/],
    [[url, "--header", "Mcp-Session-Id: x"], /cannot set Mcp-Session-Id/],
    [[url, "--log-level", "loud"], /none of debug/],
  ];
  for (const [args, message] of wrong) {
    const err: string[] = [];
    const io = { env: {}, out: () => {}, err: (text: string) => void err.push(text) };
    assertEquals(await run(["connect", ...args], io), 2, args.join(" "));
    assertMatch(err.join("\n"), message);
    assertFalse(err.join("\n").includes("s3cret"));
  }
  const done = await runProgram([...program("deno"), "connect"]);
  assertEquals([done.code, done.stdout], [2, ""]);
  assertStringIncludes(done.stderr, "missing required argument");
});
