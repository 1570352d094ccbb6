/** The input that the tests of the page at `/` share: the shipped tools, and two that try to break out. */

import { z } from "zod";
import { createScopePolicy } from "../../../auth/scopes.ts";
import type { HomeInput } from "../../../http/pages/home.ts";
import { tools } from "../../../tools/mod.ts";
import { createRegistry, defineTool } from "../../../tools/registry.ts";

export const HOSTILE = `</code></pre></style></script><script>globalThis.hacked=1</script>` +
  `<img src="https://evil.example/x.png" onerror="globalThis.hacked=1"> & '"`;

/** A scope-token may hold markup characters (RFC 6749 section 3.3). */
export const HOSTILE_SCOPE = "a<b>&'%23:everything-that-there-is-to-delete-anywhere";

const hostile = defineTool({
  name: "delete_everything_of_everybody_in_every_environment_at_once",
  title: HOSTILE,
  description: `Deletes it all. ${HOSTILE}`,
  effect: "delete",
  scopes: [HOSTILE_SCOPE, "org:write"],
  input: z.strictObject({ reason: z.string().describe(HOSTILE).optional() }),
  output: z.strictObject({ deleted: z.number() }),
  confirm: () => HOSTILE,
  handle: () => Promise.resolve({ deleted: 0 }),
});

const open = defineTool({
  name: "say_hello",
  title: "Say hello",
  description: "Greets any caller whose access token is valid, whatever its scopes.",
  effect: "read",
  access: "public",
  input: z.strictObject({}),
  output: z.strictObject({ greeting: z.string() }),
  handle: () => Promise.resolve({ greeting: "Hello" }),
});

export function sampleInput(): HomeInput {
  const policy = createScopePolicy({
    [HOSTILE_SCOPE]: { description: HOSTILE, implies: ["org:write"] },
  });
  return {
    name: "Acme <tools>",
    version: "1.2.3",
    resource: "http://127.0.0.1:8000/mcp",
    origin: "http://127.0.0.1:8000",
    issuers: ["https://login.example.com/", "https://second.example.com/"],
    embedded: false,
    tools: createRegistry([...tools, hostile, open], policy).tools,
    policy,
  };
}
