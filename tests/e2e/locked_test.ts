/** A program that may reach nothing but what its configuration names: the permissions of `compile:locked`, on a bundle. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadConfig } from "../../cli/config.ts";
import { denoPermissions, networkNeeds } from "../../cli/network_needs.ts";
import { build, buildSettings, EXECUTABLES } from "../support/build.ts";
import { needs, run, startProcess, withDirectory } from "../support/process.ts";
import { freePort, startIssuer } from "../support/server.ts";
import { startCanary, startTokenServer, UPSTREAM_CLIENT } from "../support/upstream.ts";
import { callTool } from "./wire.ts";

/** What a compiled program has besides its permissions. */
const BUNDLE_FLAGS = [
  ...["--no-config", "--no-remote", "--no-npm", "--cached-only", "--no-prompt"],
  "--unstable-no-legacy-abort",
];

test("the locked program has the permissions of the other but for the network", () => {
  const { tasks, permissions } = buildSettings();
  assertEquals(permissions.gatehouse, {
    net: true,
    env: { allow: ["GATEHOUSE_*"], ignore: true },
    read: true,
    write: true,
    import: { deny: true },
  });
  assertEquals(denoPermissions([]).slice(2), [
    "--allow-env=GATEHOUSE_*",
    "--ignore-env",
    "--allow-read",
    "--allow-write",
    "--deny-import",
  ]);
  assertEquals(
    tasks["compile:locked"]!.split("&& ")[1]!
      .replace("$(deno run -A main.ts network --permissions)", "--permission-set=gatehouse"),
    tasks["compile"],
  );
});

// The stand-in for the runtime that a program is compiled onto has to be an ELF file.
test(
  "compile:locked lists what is needed, and compiles exactly those permissions in",
  {
    ...(platform() === "linux" ? {} : { skip: "the stand-in is a Linux program" }),
    ...needs("deno"),
    timeout: 120_000,
  },
  () =>
    withDirectory(async (path) => {
      const [standIn, outfile, config] = ["denort", "gatehouse", "config.json"]
        .map((name) => join(path, name)) as [string, string, string];
      copyFileSync("/bin/true", standIn);
      const billing = { baseUrl: "https://api.example.com/v1", auth: { kind: "none" } };
      const write = (upstreams: unknown) => writeFileSync(config, JSON.stringify({ upstreams }));
      const compile = () =>
        run([
          ...["sh", "-c"],
          buildSettings().tasks["compile:locked"]!
            .replace(/--output \S+/, `--output "${outfile}"`)
            .replaceAll("deno ", `"${EXECUTABLES.deno}" `),
        ], { env: { ...process.env, GATEHOUSE_CONFIG: config, DENORT_BIN: standIn } as never });
      write({ billing });
      const done = await compile();
      assertEquals(done.code, 0, done.stderr);
      assertStringIncludes(
        done.stdout,
        "connect    api.example.com:443  upstreams.billing.baseUrl",
      );
      const compiled = readFileSync(outfile, "latin1");
      const permissions = JSON.parse(/"permissions":({[^}]*})/.exec(compiled)![1]!);
      assertEquals([permissions.allow_net, permissions.deny_net, permissions.prompt], [
        ["127.0.0.1:8000", "127.0.0.1:8001", "api.example.com:443"],
        ["169.254.0.0/16"],
        false,
      ]);
      assertEquals([permissions.allow_env, permissions.allow_run, permissions.allow_ffi], [
        ["GATEHOUSE_*"],
        null,
        null,
      ]);

      // A configuration that is wrong compiles to nothing, rather than to a program without permissions.
      rmSync(outfile);
      write({ billing: { ...billing, baseUrl: "http://169.254.169.254/latest" } });
      const refused = await compile();
      assertEquals([refused.code, existsSync(outfile)], [2, false]);
      assertStringIncludes(refused.stderr, "upstreams.billing.baseUrl");
    }),
);

test(
  "under the permissions of its configuration the server serves and calls, and reaches no other host",
  { ...needs("deno"), timeout: 120_000 },
  () =>
    withDirectory(async (path) => {
      const [bundle, cwd] = [join(path, "probe.js"), join(path, "empty")];
      mkdirSync(cwd);
      build("bundle", bundle, {}, "tests/support/upstream_main.ts");
      const port = await freePort();
      const issuer = await startIssuer(`http://localhost:${port}/mcp`, "org:read");
      const tokens = await startTokenServer(issuer);
      const [named, other] = [await startCanary(), await startCanary()];
      const { issuer: name, jwksUri } = issuer;
      const upstreams = {
        // By a name: the permission is for the name, and the connection goes to its address.
        open: {
          baseUrl: `http://localhost:${named.port}`,
          auth: { kind: "none" },
          allowPrivate: true,
        },
        own: {
          baseUrl: `http://localhost:${named.port}`,
          auth: { kind: "client_credentials", issuer: tokens.url, ...UPSTREAM_CLIENT },
          allowPrivate: true,
        },
      };
      const base = { port, issuers: [{ issuer: name, jwksUri }], upstreams };
      const [locked, changed] = [join(path, "locked.json"), join(path, "changed.json")];
      writeFileSync(locked, JSON.stringify(base));
      const stranger = { baseUrl: other.url, auth: { kind: "none" }, allowPrivate: true };
      const byName = { ...stranger, baseUrl: `http://localhost:${other.port}` };
      writeFileSync(
        changed,
        JSON.stringify({
          ...base,
          upstreams: { ...upstreams, delegated: stranger, absent: byName },
        }),
      );

      const allowed = await networkNeeds(await loadConfig({ env: {}, file: locked }));
      assertEquals(allowed.map(({ direction, host }) => `${direction} ${host}`), [
        `listen 127.0.0.1:${port}`,
        `connect ${new URL(jwksUri).host}`,
        `connect localhost:${named.port}`,
        `connect localhost:${named.port}`,
        `connect ${new URL(tokens.url).host}`,
        `connect ${new URL(tokens.url).host}`,
      ]);
      const server = await startProcess({
        command: [EXECUTABLES.deno, "run", ...BUNDLE_FLAGS, ...denoPermissions(allowed), bundle],
        cwd,
        env: {
          GATEHOUSE_PORT: String(port),
          GATEHOUSE_CONFIG: changed,
          GATEHOUSE_STORE: "sqlite:gatehouse.db",
        },
      });
      const token = await issuer.token();
      const relay = async (to: string) => {
        const input = { to, path: "/x" };
        return await (await callTool(server.url, "relay", { token, input })).text();
      };
      try {
        assertStringIncludes(await relay("open"), '"/x');
        assertStringIncludes(await relay("own"), '"/x');
        assertEquals(named.seen.map(({ headers }) => headers.authorization), [
          undefined,
          `Bearer ${tokens.issued[0]}`,
        ]);
        assertStringIncludes(await relay("delegated"), "unavailable");
        assertStringIncludes(await relay("absent"), "unavailable");
        assertEquals(other.connections, 0);
        assertStringIncludes(server.stderr, "upstream_unreachable");
        for (const { text } of [...named.seen, ...tokens.seen]) assert(!text.includes(token));
      } finally {
        await server.stop();
        for (const running of [issuer, tokens, named, other]) await running.stop();
      }
    }),
);
