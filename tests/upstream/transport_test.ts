import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { addressKind } from "../../auth/addresses.ts";
import { createTransport, isTransportFault } from "../../upstream/transport.ts";
import type { Bounds, TransportOptions } from "../../upstream/transport.ts";
import { EXECUTABLES, ROOT } from "../support/build.ts";
import { needs, run, withDirectory } from "../support/process.ts";
import { startCanary } from "../support/upstream.ts";
import { bench, refusalOf } from "./support.ts";

const BOUNDS: Bounds = { allowPrivate: false, timeoutMs: 5000, maxBytes: 10_000 };

/** How a request ends: the status, or the tag of the fault. */
async function outcomeOf(
  url: string,
  options: TransportOptions,
  changes: Partial<Bounds> = {},
): Promise<number | string> {
  const outgoing = { url: new URL(url), method: "GET", headers: {} };
  try {
    return (await createTransport(options)(outgoing, { ...BOUNDS, ...changes })).status;
  } catch (error) {
    return isTransportFault(error) ? error.fault : String(error);
  }
}

/** What addresses mean: what is public, what may be one's own, what is never a server. */
const KINDS = {
  public: ["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111"],
  private: [
    ...["127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    ...["100.64.0.1", "::1", "fc00::1", "fd12:3456::1"],
  ],
  reserved: [
    ...["0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "255.255.255.255"],
    ...["240.0.0.1", "192.0.2.1", "198.18.0.1", "192.88.99.1", "::", "fe80::1", "fe80::1%eth0"],
    ...["ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a9fe:a9fe", "::127.0.0.1"],
    ...["64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001::1", "2001:db8::1"],
    ...["fec0::1", "100::1", "5f00::1", "3fff::1", "4000::1"],
    ...["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.01", "localhost", ""],
  ],
} as const;

test("addresses are public, private or reserved, and other spellings are none (H186)", () => {
  for (const [kind, addresses] of Object.entries(KINDS)) {
    for (const address of addresses) assertEquals(addressKind(address), kind, address);
  }
});

test("a name is refused before a connection where one of its addresses is not allowed (H186)", async () => {
  const canary = await startCanary();
  const at = `http://api.example.com:${canary.port}/`;
  const resolving = (...addresses: readonly string[]) => ({
    resolve: () => Promise.resolve(addresses),
  });
  const notPublic = [...KINDS.private, ...KINDS.reserved].filter((address) => address !== "");
  for (const address of notPublic) {
    assertEquals(await outcomeOf(at, resolving(address)), "upstream_address", address);
    assertEquals(await outcomeOf(at, resolving("93.184.215.14", address)), "upstream_address");
  }
  // Where the operator says that it is private, the reserved ones are refused all the same.
  for (const address of KINDS.reserved) {
    assertEquals(
      await outcomeOf(at, resolving(address), { allowPrivate: true }),
      "upstream_address",
      address,
    );
  }
  assertEquals(await outcomeOf(at, resolving()), "upstream_address");
  const failing = {
    resolve: () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" })),
  };
  assertEquals(await outcomeOf(at, failing), "upstream_unreachable");
  const never = { resolve: () => new Promise<never>(() => {}) };
  assertEquals(await outcomeOf(at, never, { timeoutMs: 50 }), "upstream_timeout");
  assertEquals(canary.connections, 0);
  assertEquals(await outcomeOf(at, resolving("127.0.0.1"), { allowPrivate: true }), 200);
  assertEquals(canary.seen[0]!.headers.host, `api.example.com:${canary.port}`);
  await canary.stop();
});

test("a URL with an address in any spelling is held to the same (H186)", async () => {
  const canary = await startCanary();
  for (
    const host of [
      ...["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1"],
      ...["127.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0", "[::]"],
    ]
  ) {
    assertEquals(await outcomeOf(`http://${host}:${canary.port}/`, {}), "upstream_address", host);
  }
  assertEquals(await outcomeOf(`http://localhost:${canary.port}/`, {}), "upstream_address");
  assertEquals(canary.connections, 0);
  await canary.stop();
});

test("the address that was checked is the one that is connected to (DNS rebinding, H186)", async () => {
  const [ours, inner] = [await startCanary(), await startCanary()];
  let asked = 0;
  // The first answer is allowed; whoever asked again would be led to the other server.
  const resolve = () => Promise.resolve(asked++ === 0 ? ["127.0.0.1"] : ["169.254.169.254"]);
  const upstreams = await bench({
    billing: {
      baseUrl: `http://localhost:${ours.port}`,
      auth: { kind: "none" },
      allowPrivate: true,
    },
  }, { transport: { resolve } });
  const billing = upstreams.call().upstream("billing");
  assertEquals((await billing.fetch("/x")).status, 200);
  assertEquals([asked, ours.connections], [1, 1]);
  assertEquals(await refusalOf(billing.fetch("/x")), "unavailable upstream_address");
  assertEquals([ours.connections, inner.connections], [1, 0]);
  assertEquals(upstreams.warnings.at(-1)!["fault"], "upstream_address");
  await ours.stop();
  await inner.stop();
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

test(
  "https holds the certificate against the name, though the connection is to an address",
  hasOpenssl ? {} : { skip: "openssl is not there to make a certificate" },
  () =>
    withDirectory(async (folder) => {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const made = spawnSync("openssl", [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        ...["-days", "2", "-subj", "/CN=api.example.com"],
        ...["-addext", "subjectAltName=DNS:api.example.com", "-keyout", key, "-out", cert],
      ]);
      assertEquals(made.status, 0, String(made.stderr));
      const hosts: (string | undefined)[] = [];
      const https = createServer(
        { key: readFileSync(key), cert: readFileSync(cert) },
        (request, response) => {
          hosts.push(request.headers.host);
          response.end("{}");
        },
      );
      https.on("tlsClientError", () => {});
      await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
      const { port } = https.address() as AddressInfo;
      const resolve = () => Promise.resolve(["127.0.0.1"]);
      const ca = readFileSync(cert, "utf8");
      const reach = (host: string, options: TransportOptions) =>
        outcomeOf(`https://${host}:${port}/`, { resolve, ...options }, { allowPrivate: true });
      try {
        assertEquals(await reach("api.example.com", { ca }), 200);
        assertEquals(await reach("other.example.com", { ca }), "upstream_unreachable");
        assertEquals(await reach("api.example.com", {}), "upstream_unreachable");
        assertEquals(hosts, [`api.example.com:${port}`]);
        assert(hosts.length === 1);
      } finally {
        https.close();
        https.closeAllConnections();
      }
    }),
);

test(
  "under permissions by name the connection itself is checked, before a byte is sent (DNS rebinding, H186)",
  { ...needs("deno"), timeout: 30_000 },
  () =>
    withDirectory(async (folder) => {
      const canary = await startCanary();
      const module = new URL("../../upstream/transport.ts", import.meta.url).href;
      // The resolver names a public address, which no permission covers; the name itself leads to this machine.
      const script = `
        import { createTransport } from ${JSON.stringify(module)};
        const send = createTransport({ resolve: () => Promise.resolve(["93.184.215.14"]) });
        const url = new URL("http://localhost:${canary.port}/secret-path");
        for (const allowPrivate of [false, true]) {
          await send({ url, method: "POST", headers: {}, body: new TextEncoder().encode("secret-body") },
            { allowPrivate, timeoutMs: 5000, maxBytes: 1000 })
            .then(({ status }) => console.log(status), ({ fault }) => console.log(fault));
        }`;
      const file = join(folder, "probe.ts");
      await writeFile(file, script);
      const flags = ["--no-prompt", "--no-check", `--config=${join(ROOT, "deno.json")}`];
      const allow = [`--allow-net=localhost:${canary.port}`, "--allow-read", "--allow-env"];
      const done = await run([EXECUTABLES.deno, "run", ...flags, ...allow, file]);
      assertEquals(done.stdout.trim().split("\n"), ["upstream_address", "200"], done.stderr);
      assertEquals(canary.seen.map(({ url, body }) => [url, body]), [
        ["/secret-path", "secret-body"],
      ]);
      await canary.stop();
    }),
);
