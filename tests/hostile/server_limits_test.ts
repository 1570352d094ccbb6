import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { addressKey } from "../../http/limits/address.ts";
import { limitsWith } from "../support/limits.ts";
import { createPipeline, modernRequest } from "../support/pipeline.ts";
import type { CallChanges, Pipeline } from "../support/pipeline.ts";

const POINTS = 5;

/** Runs a test against the pipeline with small budgets; one of the two is out of the way. */
async function withBudgets(
  tight: "address" | "client",
  work: (
    call: (peer: string, token: string | undefined, changes?: CallChanges) => Promise<number>,
    pipeline: Pipeline,
  ) => Promise<void>,
): Promise<void> {
  const limits = limitsWith({ [tight]: { points: POINTS, seconds: 60 } });
  const pipeline = await createPipeline({ deps: { limits } });
  try {
    await work(async (peer, token, changes) => {
      const response = await pipeline.handler(modernRequest(token, changes), peer);
      await response.body?.cancel();
      if (response.status === 429) assert(Number(response.headers.get("retry-after")) >= 1);
      return response.status;
    }, pipeline);
  } finally {
    await pipeline.close();
  }
}

/** Calls once more than the budget has room for. */
async function statuses(call: (turn: number) => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let turn = 0; turn <= POINTS; turn += 1) all.push(await call(turn));
  return all;
}

const SPENT = [...Array.from({ length: POINTS }, () => 401), 429];

test("no header gives a caller the budget of another address (H233)", async () => {
  const headers = (turn: number) => ({
    "x-forwarded-for": `198.51.100.${turn}, 203.0.113.${turn}`,
    "forwarded": `for=198.51.100.${turn};host=localhost:8000`,
    "x-real-ip": `198.51.100.${turn}`,
    "x-client-ip": `198.51.100.${turn}`,
    "cf-connecting-ip": `198.51.100.${turn}`,
    "true-client-ip": `198.51.100.${turn}`,
    "x-cluster-client-ip": `198.51.100.${turn}`,
  });
  for (const name of Object.keys(headers(0)) as (keyof ReturnType<typeof headers>)[]) {
    await withBudgets("address", async (call) => {
      const sent = await statuses((turn) =>
        call("192.0.2.1", undefined, { headers: { [name]: headers(turn)[name] } })
      );
      assertEquals(sent, SPENT, name);
      assertEquals(await call("192.0.2.2", undefined), 401);
    });
  }
});

test("the addresses of one IPv6 network, and both spellings of an IPv4 address, share a budget (H233)", async () => {
  const peers: Readonly<Record<string, (turn: number) => string>> = {
    "the last group": (turn) => `2001:db8:1:2::${turn + 1}`,
    "the whole interface": (turn) => `2001:db8:1:2:${turn}:${turn}:${turn}:${turn}`,
    "the case": (turn) => turn % 2 === 0 ? "2001:DB8:1:2::A" : "2001:db8:1:2::a",
    "the spelling": (turn) => turn % 2 === 0 ? "2001:db8:0:0::1" : "2001:db8::1",
    "mapped IPv4": (turn) => turn % 2 === 0 ? "::ffff:192.0.2.7" : "192.0.2.7",
  };
  for (const [name, peer] of Object.entries(peers)) {
    await withBudgets("address", async (call) => {
      assertEquals(await statuses((turn) => call(peer(turn), undefined)), SPENT, name);
      assertEquals(await call("2001:db8:1:3::1", undefined), 401, name);
      assertEquals(await call("192.0.2.8", undefined), 401, name);
    });
  }
  assertEquals(addressKey("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  assertEquals(addressKey("::1"), "0:0:0:0::/64");
});

test("a client has one budget, whatever token, person, address or name it comes with (H233)", () =>
  withBudgets("client", async (call, { issuer }) => {
    const sent = await statuses(async (turn) => {
      const claims = { sub: `user-${turn}`, jti: crypto.randomUUID() };
      const headers = { "mcp-session-id": `session-${turn}`, "user-agent": `agent ${turn}` };
      return call(`192.0.2.${turn}`, await issuer.token({ claims }), { headers });
    });
    assertEquals(sent, [...Array.from({ length: POINTS }, () => 200), 429]);
    const other = await issuer.token({ claims: { client_id: "Client-1" } });
    assertEquals(await call("192.0.2.1", other), 200, "an id in other letters is another client");
  }));
