import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { createPeerOf, isProxyRange } from "../../http/peer.ts";
import { limitsWith } from "../support/limits.ts";
import { createPipeline, modernRequest } from "../support/pipeline.ts";
import { startServer } from "../support/server.ts";
import { sendRaw } from "../support/socket.ts";

const peerOf = createPeerOf(["10.0.0.0/8", "192.0.2.1", "2001:db8:ffff::/48"]);

function peer(socket: string, forwarded?: string, more: Record<string, string> = {}): string {
  const headers = { ...more, ...(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }) };
  return peerOf(new Request("http://localhost/", { headers }), socket);
}

test("createPeerOf() believes nobody but its proxies (H233)", () => {
  assertEquals(peer("203.0.113.9", "198.51.100.1"), "203.0.113.9");
  assertEquals(peer("203.0.113.9", "10.0.0.1"), "203.0.113.9");
  assertEquals(peer("::1", "198.51.100.1"), "::1");
  assertEquals(peer("10.0.0.1"), "10.0.0.1", "a proxy that says nothing is the caller");
  const others = {
    "forwarded": "for=198.51.100.1",
    "x-real-ip": "198.51.100.1",
    "cf-connecting-ip": "198.51.100.1",
  };
  assertEquals(peer("10.0.0.1", undefined, others), "10.0.0.1");
});

test("createPeerOf() takes the right-most address that no proxy of ours has (H233)", () => {
  assertEquals(peer("10.0.0.1", "198.51.100.1"), "198.51.100.1");
  assertEquals(peer("10.0.0.1", "198.51.100.1, 10.2.3.4,192.0.2.1"), "198.51.100.1");
  assertEquals(peer("2001:db8:ffff::1", "2001:DB8:0:0::7"), "2001:db8::7");
  // What a client wrote itself stands to the left of what the first proxy saw.
  assertEquals(peer("10.0.0.1", "127.0.0.1, 10.9.9.9, 198.51.100.1"), "198.51.100.1");
  assertEquals(peer("10.0.0.1", "10.9.9.9"), "10.9.9.9", "a caller inside our own network");
});

test("createPeerOf() stops at what is no address, and charges who passed it on (H233)", () => {
  for (
    const garbage of [
      "unknown",
      "_hidden",
      "",
      "0x7f.1",
      "2130706433",
      "010.0.0.1",
      "198.51.100.1.2",
      "198.51.100.256",
      "fe80::1%eth0",
      "::ffff:198.51.100.999",
      "localhost",
      "198.51.100.1;198.51.100.2",
      "[198.51.100.1",
      "a".repeat(10_000),
    ]
  ) {
    assertEquals(peer("10.0.0.1", garbage), "10.0.0.1", garbage);
    assertEquals(peer("10.0.0.1", `198.51.100.1, ${garbage}, 10.2.3.4`), "10.2.3.4", garbage);
  }
  assertEquals(peer("10.0.0.1", ",,,"), "10.0.0.1");
  const long = Array.from({ length: 5000 }, () => "10.0.0.2").join(", ");
  assertEquals(peer("10.0.0.1", `198.51.100.1, ${long}`), "10.0.0.2", "no chain is that long");
});

test("createPeerOf() reads every spelling of one address as that address (H233)", () => {
  assertEquals(peer("::ffff:10.0.0.1", "198.51.100.1"), "198.51.100.1");
  assertEquals(peer("10.0.0.1", "::ffff:198.51.100.1"), "198.51.100.1");
  assertEquals(peer("10.0.0.1", "::FFFF:c633:6401"), "198.51.100.1");
  assertEquals(peer("10.0.0.1", "198.51.100.1:4711"), "198.51.100.1");
  assertEquals(peer("10.0.0.1", "[2001:db8::0:7]:4711"), "2001:db8::7");
  assertEquals(peer("10.0.0.1", "[2001:db8::7]"), "2001:db8::7");
  assertEquals(peer("10.0.0.1", " \t198.51.100.1 "), "198.51.100.1");
  const mapped = createPeerOf(["::ffff:10.0.0.0/104"]);
  const request = new Request("http://localhost/", { headers: { "x-forwarded-for": "192.0.2.5" } });
  assertEquals(mapped(request, "10.7.7.7"), "192.0.2.5");
});

test("isProxyRange() takes ranges and single addresses, and nothing that is everybody", () => {
  for (const range of ["10.0.0.0/8", "127.0.0.1", "::1", "2001:db8::/32", "::ffff:10.0.0.0/104"]) {
    assert(isProxyRange(range), range);
  }
  for (
    const range of [
      "0.0.0.0/0",
      "::/0",
      "::ffff:0.0.0.0/96",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.0/",
      "10.0.0/8",
      "::1/129",
      "loopback",
      "",
    ]
  ) assertFalse(isProxyRange(range), range);
});

test("handler: behind a trusted proxy each caller has a budget of its own, and nobody can pick another's (H233)", async () => {
  const { handler, records, close } = await createPipeline({
    deps: { limits: limitsWith({ address: { points: 2, seconds: 60 } }), peerOf },
  });
  try {
    const call = async (forwarded: string) => {
      const headers = { "x-forwarded-for": forwarded };
      const response = await handler(modernRequest(undefined, { headers }), "10.0.0.1");
      await response.body?.cancel();
      return response.status;
    };
    const spoofed = [];
    for (let turn = 0; turn < 4; turn += 1) {
      spoofed.push(await call(`203.0.113.${turn}, 10.0.0.${turn}, 198.51.100.1`));
    }
    assertEquals(spoofed, [401, 401, 429, 429]);
    assertEquals(records.at(-1)!.request!.peer, "198.51.100.1");
    assertEquals(await call("198.51.100.2"), 401);
  } finally {
    await close();
  }
});

test("serve: several X-Forwarded-For headers are one list, in the order of their arrival (H233)", async () => {
  const server = await startServer({
    env: { GATEHOUSE_TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8" },
  });
  try {
    const peers = [];
    for (
      const forwarded of [
        ["198.51.100.1", "203.0.113.7", "10.0.0.9"],
        ["198.51.100.1, 10.0.0.8"],
        [],
      ]
    ) {
      await sendRaw(server.port, [
        "GET /healthz HTTP/1.1",
        `host: localhost:${server.port}`,
        ...forwarded.map((value) => `X-Forwarded-For: ${value}`),
      ]);
      peers.push(server.lines.at(-1)!.properties["peer"]);
    }
    assertEquals(peers, ["203.0.113.7", "198.51.100.1", "127.0.0.1"]);
  } finally {
    await server.stop();
  }
});
