/** A subscription to the real program, on every runtime: it is told of changes, and of the stop. */

import { test } from "node:test";
import { assert, assertEquals, assertLess } from "@std/assert";
import { MODERN_META, streamMessages } from "../support/pipeline.ts";
import { needs, program, startProcess, withDirectory } from "../support/process.ts";
import { callTool, tokenOf } from "./wire.ts";

const MEMBERS = "workspace://members";

async function listen(url: string, token: string): Promise<Response> {
  const params = { notifications: { resourceSubscriptions: [MEMBERS] }, _meta: MODERN_META };
  return await fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "subscriptions/listen",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params }),
  });
}

for (const runtime of ["deno", "bun", "binary"] as const) {
  test(
    `${runtime}: a subscriber hears of a change, and at SIGTERM of the end before the time is up`,
    { ...needs(runtime), timeout: 120_000 },
    () =>
      withDirectory(async (cwd) => {
        // A directory of its own, where a command finds the keys of the running server.
        const env = { GATEHOUSE_STORE: "sqlite:gatehouse.db" };
        const server = await startProcess({ runtime, cwd, env });
        let code: number | null = null;
        try {
          const token = await tokenOf(program(runtime), server, { cwd, scopes: "wks:write" });
          const response = await listen(server.url, token);
          assertEquals(response.status, 200);
          let text = "";
          const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
          const until = async (word: string) => {
            while (!text.includes(word)) {
              const { done, value } = await reader.read();
              if (done) throw new Error(`The stream ended without ${word}: ${text}`);
              text += value;
            }
          };
          await until("acknowledged");
          const input = { email: "bo@acme.example", role: "USER" };
          const invited = await callTool(server.url, "invite_workspace_member", { token, input });
          assertEquals(invited.status, 200);
          await invited.body?.cancel();
          await until("resources/updated");

          const startedAt = performance.now();
          const stopped = server.stop("SIGTERM");
          await until('"result"');
          assert((await reader.read()).done);
          code = await stopped;
          // Nothing is left to wait for; a stream that goes on would take the whole time for draining.
          assertLess(performance.now() - startedAt, 9_000);
          const methods = streamMessages(text).map(({ method }) => method);
          assertEquals(methods, [
            "notifications/subscriptions/acknowledged",
            "notifications/resources/updated",
            undefined,
          ]);
        } finally {
          code ??= await server.stop();
        }
        assertEquals(code, 0);
      }),
  );
}
