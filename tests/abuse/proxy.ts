/** A proxy of deploy/ in front of the server: its file as it is, but for TLS and the addresses. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../support/build.ts";

export type ProxyName = "nginx" | "caddy";

export interface Proxy {
  stop(): Promise<void>;
}

export interface ProxyAddresses {
  /** Where clients come in, on 127.0.0.1. */
  readonly port: number;
  /** Where the server is, or for Caddy the instances of it. */
  readonly target: number | readonly number[];
}

/** Starts a proxy and waits until it takes connections. */
export async function startProxy(name: ProxyName, addresses: ProxyAddresses): Promise<Proxy> {
  const directory = await mkdtemp(join(tmpdir(), "gatehouse-proxy-"));
  // nginx gives up root's rights and still has to reach its files here.
  await chmod(directory, 0o755);
  const file = join(directory, "config");
  await writeFile(file, name === "nginx" ? nginx(directory, addresses) : caddy(addresses));
  const args = name === "nginx"
    ? ["-p", directory, "-c", file, "-g", "daemon off;"]
    : ["run", "--config", file, "--adapter", "caddyfile"];
  const child = spawn(name, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: directory },
  });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => output += text);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.once("error", (error) => output += error.message);
  await accepting(addresses.port, () => output);
  return {
    async stop() {
      child.kill("SIGTERM");
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function nginx(directory: string, { port, target }: ProxyAddresses): string {
  const site = edit("nginx.conf", [
    [
      /listen 443 ssl default_server;\n\s*ssl_reject_handshake on;/,
      `listen unix:${directory}/sink;`,
    ],
    [/listen 443 ssl (.*);/, `listen 127.0.0.1:${port} default_server $1;`],
    [/^\s*ssl_certificate.*\n\s*ssl_certificate_key.*\n/m, ""],
    [/127\.0\.0\.1:8000/, `127.0.0.1:${[target].flat()[0]}`],
  ]);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  return [
    `pid ${directory}/pid; error_log stderr crit; worker_rlimit_nofile 8192;`,
    "events { worker_connections 4096; }",
    `http { access_log off; ${paths}`,
    site,
    "}",
  ].join("\n");
}

function caddy({ port, target }: ProxyAddresses): string {
  return edit("Caddyfile", [
    [/servers \{/, "admin off\n\tauto_https off\n\tservers {"],
    [/^\{\$DOMAIN:.*?\} \{/m, `http://:${port} {\n\tbind 127.0.0.1`],
    [/\{\$DOMAIN:.*?\}/, `localhost:${port}`],
    [/\{\$UPSTREAMS:.*?\}/, [target].flat().map((one) => `127.0.0.1:${one}`).join(" ")],
  ]);
}

/** Replaces each pattern once, and throws where the file has changed so that one is not found. */
function edit(name: string, changes: readonly (readonly [RegExp, string])[]): string {
  return changes.reduce((text, [pattern, replacement]) => {
    if (!pattern.test(text)) throw new Error(`deploy/${name} has no ${pattern}`);
    return text.replace(pattern, replacement);
  }, readFileSync(join(ROOT, "deploy", name), "utf8"));
}

async function accepting(port: number, output: () => string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (Date.now() < deadline) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The proxy did not start: ${output()}`);
}
