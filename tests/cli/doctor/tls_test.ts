import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttps } from "node:https";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connection } from "../../../cli/doctor/connection.ts";
import type { Context } from "../../../cli/doctor/context.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withFolder } from "../support.ts";
import { examine } from "./scene.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const skip = hasOpenssl ? false : "openssl is not there to make a certificate";

interface Scene {
  readonly url: string;
  /** The file with the authority that the certificate is valid under. */
  readonly ca: string;
  /** The Authorization headers that arrived. */
  readonly tokens: readonly string[];
}

interface TlsOptions {
  readonly headers?: Record<string, string>;
  /** The name in the certificate. */
  readonly name?: string;
  /** Goes on where a client offers no more than TLS 1.1, which no runtime's own server does. */
  readonly oldVersions?: boolean;
}

/** A server on https that refuses every request without a token. */
async function withTls(options: TlsOptions, work: (scene: Scene) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const [key, ca] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    makeCertificate(key, ca, options.name ?? "localhost");
    const tokens: string[] = [];
    const https = createHttps(
      { key: readFileSync(key), cert: readFileSync(ca) },
      (request, response) => {
        if (request.headers.authorization) tokens.push(request.headers.authorization);
        response.writeHead(401, { "www-authenticate": "Bearer", ...options.headers });
        response.end();
      },
    );
    https.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
    const { port } = https.address() as AddressInfo;
    const sockets = new Set<Socket>();
    const front = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", (hello: Uint8Array) => {
        const isOld = hello[9] === 3 && hello[10]! < 3;
        if (isOld && options.oldVersions) return socket.end(serverHello(hello[10]!));
        const inner = connect(port, "127.0.0.1", () => inner.write(hello));
        sockets.add(inner);
        inner.on("error", () => socket.destroy());
        socket.pipe(inner).pipe(socket);
      });
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    try {
      const url = `https://localhost:${(front.address() as AddressInfo).port}/mcp`;
      await work({ url, ca, tokens });
    } finally {
      for (const socket of sockets) socket.destroy();
      front.close();
      https.close();
    }
  });
}

function makeCertificate(key: string, cert: string, name: string): void {
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    ...["-keyout", key, "-out", cert],
  ]);
  assertEquals(made.status, 0, String(made.stderr));
}

/** The first bytes of a handshake record with a ServerHello of that minor version. */
function serverHello(minor: number): Uint8Array {
  return new Uint8Array([0x16, 3, minor, 0, 38, 2, 0, 0, 34, 3, minor, ...new Uint8Array(32)]);
}

test(
  "https with a valid certificate, TLS 1.2 or newer and HSTS passes",
  { skip },
  () =>
    withTls({ headers: { "strict-transport-security": "max-age=1000" } }, async ({ url, ca }) => {
      const { report } = await examine(url, ["--only", "tls", "--ca", ca]);
      assertEquals(report.results.map(({ id, status }) => [id, status]), [
        ["tls-https", "pass"],
        ["tls-certificate", "pass"],
        ["tls-version", "pass"],
        ["tls-hsts", "pass"],
      ]);
    }),
);

test(
  "a certificate that nobody vouches for fails, and no token is sent to such a server",
  { skip },
  () =>
    withTls({}, async ({ url, tokens }) => {
      const { finished, result, report } = await examine(url, [], ["secret-of-mine"]);
      assertEquals(finished.code, 1);
      assertMatch(result("tls-certificate").seen!, /SELF_SIGNED/);
      assertEquals(result("tls-hsts").status, "warn");
      assertEquals(tokens, [], "neither the token nor one made from it");
      const unsent = report.results.filter(({ seen }) =>
        seen === "no token is sent: the certificate is not valid"
      );
      assert(unsent.length > 5);
      // What needs no token is checked all the same.
      assertEquals(result("challenge-bearer").status, "pass");
    }),
);

test(
  "a certificate for another name fails",
  { skip },
  () =>
    withTls({ name: "other.example" }, async ({ url, ca }) => {
      const { result } = await examine(url, ["--only", "tls-certificate", "--ca", ca]);
      assertEquals(result("tls-certificate").status, "fail");
      assertMatch(result("tls-certificate").seen!, /ALTNAME|altnames/);
    }),
);

test(
  "a server that goes on with TLS 1.0 or 1.1 fails",
  { skip },
  () =>
    withTls({ oldVersions: true }, async ({ url, ca }) => {
      const { result } = await examine(url, ["--only", "tls-version", "--ca", ca]);
      assertEquals(result("tls-version").seen, "TLS 1.0 is accepted; TLS 1.1 is accepted");
      assertEquals(result("tls-version").status, "fail");
    }),
);

test("plain http fails but on loopback", async () => {
  const https = connection.checks.find(({ id }) => id === "tls-https")!;
  const on = (url: string) => https.run({ url: new URL(url) } as Context);
  assertEquals((await on("http://mcp.example.com/mcp")).status, "fault");
  assertEquals((await on("http://127.0.0.1:8000/mcp")).status, "skip");
  assertEquals((await on("https://mcp.example.com/mcp")).status, "pass");
});
