import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withServer } from "../auth/embedded/support.ts";
import type { Running } from "../auth/embedded/support.ts";
import { written } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { readJson } from "./forms.ts";
import { exchange } from "./raw.ts";
import type { RawResponse } from "./raw.ts";
import { SERVER_CASES } from "./server_cases.ts";
import type { ServerBench } from "./server_cases.ts";

async function benchOf(running: Running): Promise<ServerBench> {
  const client = await running.addClient({ scopes: ["env:write"] });
  const { client_id } = await running.register();
  return {
    host: new URL(running.issuer).host,
    clientId: client.id,
    clientSecret: client.secret,
    publicClientId: String(client_id),
  };
}

async function send(running: Running, draft: Draft): Promise<RawResponse> {
  const { responses } = await exchange([written(draft)], { port: running.server.port });
  assert(responses[0], "no answer");
  return responses[0];
}

test("the token and revocation endpoints name what is wrong with a request (H220, H221, H235-H237)", () =>
  withServer({}, async (running) => {
    const bench = await benchOf(running);
    const refusals = new Set<string>();
    for (const item of SERVER_CASES) {
      const name = `${item.id} ${item.name}`;
      const response = await send(running, item.request(bench));
      const json = readJson(response);
      assertEquals([response.status, String(json?.["error"] ?? "")], item.expect, name);
      if (response.status !== 401) continue;
      assertMatch(response.header("www-authenticate") ?? "", /^Basic realm="[^"]+"/, name);
      refusals.add(response.body);
    }
    assertEquals([...refusals].map((body) => JSON.parse(body)), [{
      error: "invalid_client",
      error_description: "client authentication failed",
    }]);
    assert(!JSON.stringify(running.logs).includes(bench.clientSecret));
  }));
