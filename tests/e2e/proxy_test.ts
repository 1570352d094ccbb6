/** The proxy files of deploy/ and its configuration together: whose request it is, and that nobody can choose it. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { startProxy } from "../abuse/proxy.ts";
import { ROOT } from "../support/build.ts";
import { freePort, startServer } from "../support/server.ts";
import { sendRaw } from "../support/socket.ts";

const { trustedProxies } = JSON.parse(readFileSync(join(ROOT, "deploy", "config.json"), "utf8"));

/** Not the proxy's own address, which the server would see without the header. */
const CALLER = "127.0.0.5";

for (const [name, flag] of [["nginx", "-v"], ["caddy", "version"]] as const) {
  const missing = spawnSync(name, [flag], { stdio: "ignore" }).status !== 0;
  const options = missing ? { skip: `${name} is not on the PATH` } : {};

  test(
    `behind ${name} the caller is who connected to it, whatever it says (H233)`,
    options,
    async () => {
      const port = await freePort();
      const server = await startServer({
        env: {
          GATEHOUSE_TRUSTED_PROXIES: trustedProxies.join(),
          GATEHOUSE_URL: `http://localhost:${port}`,
        },
      });
      const proxy = await startProxy(name, { port, target: server.port });
      try {
        const peers = [];
        for (const claimed of [[], ["198.51.100.1"], ["198.51.100.1", "127.0.0.1"]]) {
          const lines = [
            "GET /healthz HTTP/1.1",
            `host: localhost:${port}`,
            ...claimed.map((address) => `X-Forwarded-For: ${address}`),
            ...claimed.map((address) => `Forwarded: for=${address}`),
          ];
          await sendRaw(port, lines, undefined, CALLER);
          peers.push(server.lines.at(-1)!.properties["peer"]);
        }
        assertEquals(peers, [CALLER, CALLER, CALLER]);
      } finally {
        await proxy.stop();
        await server.stop();
      }
    },
  );
}
