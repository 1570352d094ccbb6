/** The tools, prompts and resources that the conformance suite calls by name, behind the production dispatcher. */

import { createRequestStateCodec, McpServer } from "@modelcontextprotocol/server";
import { createDispatcher } from "../../http/mcp_dispatcher.ts";
import type { Call, McpDispatcher } from "../../http/mcp_dispatcher.ts";
import { principalKey } from "../../auth/principal.ts";
import { registerContentTools } from "./fixtures_content.ts";
import { registerInputRequired } from "./fixtures_input_required.ts";
import type { Round } from "./fixtures_input_required.ts";
import { registerPrompts } from "./fixtures_prompts.ts";
import { registerResources } from "./fixtures_resources.ts";
import { registerSchemaTools } from "./fixtures_schema.ts";

/**
 * Builds the dispatcher that takes the place of the registry's.
 *
 * Tools that need a request from server to client on the 2025 revisions (`test_sampling`, `test_elicitation` and its two
 * variants) are left out: an answer to such a request is not accepted, so the scenarios fail at once and truthfully.
 */
export function createFixtures(): McpDispatcher {
  const key = crypto.getRandomValues(new Uint8Array(32));
  return createDispatcher((call) => createServer(call, key));
}

function createServer(call: Call, key: Uint8Array): McpServer {
  const owner = principalKey(call.principal);
  const state = createRequestStateCodec<Round>({ key, bind: () => owner });
  const server = new McpServer({ name: "gatehouse-conformance", version: "0.0.0" }, {
    // Nothing of these lists changes while the server runs.
    capabilities: {
      tools: { listChanged: false },
      prompts: { listChanged: false },
      resources: { listChanged: false, subscribe: true },
      logging: {},
    },
    requestState: { verify: state.verify },
  });
  registerContentTools(server);
  registerSchemaTools(server);
  registerInputRequired(server, state);
  registerPrompts(server);
  registerResources(server);
  return server;
}
