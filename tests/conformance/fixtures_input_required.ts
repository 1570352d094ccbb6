/** Fixture tools that ask the caller for input in a further round (2026-07-28, multi round-trip requests). */

import { acceptedContent, inputRequired, inputResponse } from "@modelcontextprotocol/server";
import type { McpServer, RequestStateCodec } from "@modelcontextprotocol/server";
import { z } from "zod";
import { text } from "./fixtures_content.ts";

/** What a signed request state carries from one round to the next. */
export interface Round {
  readonly round: number;
}

const Name = z.object({ name: z.string() });
const Color = z.object({ color: z.string() });
const Confirmation = z.object({ ok: z.boolean() });

const askForName = () =>
  inputRequired.elicit({ message: "Who is calling?", requestedSchema: Name });
const askForConfirmation = () =>
  inputRequired.elicit({ message: "Shall it go on?", requestedSchema: Confirmation });
const askForSample = () =>
  inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: "Name the capital of France." } }],
    maxTokens: 50,
  });

export function registerInputRequired(server: McpServer, state: RequestStateCodec<Round>): void {
  registerSingleRequests(server);
  registerStatefulRequests(server, state);
  registerCapabilityChecks(server);
}

function registerSingleRequests(server: McpServer): void {
  server.registerTool(
    "test_input_required_result_elicitation",
    { description: "Asks for a name" },
    ({ mcpReq }) => {
      const answer = acceptedContent(mcpReq.inputResponses, "user_name", Name);
      if (answer) return text(`Hello, ${answer.name}`);
      return inputRequired({ inputRequests: { user_name: askForName() } });
    },
  );
  server.registerTool(
    "test_input_required_result_sampling",
    { description: "Asks for a sampled message" },
    ({ mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, "capital_question");
      if (answer.kind === "sampling") return text(JSON.stringify(answer.result.content));
      return inputRequired({ inputRequests: { capital_question: askForSample() } });
    },
  );
  server.registerTool(
    "test_input_required_result_list_roots",
    { description: "Asks for the roots" },
    ({ mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, "client_roots");
      if (answer.kind === "roots") return text(answer.roots.map((root) => root.uri).join(" "));
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  );
}

function registerStatefulRequests(server: McpServer, state: RequestStateCodec<Round>): void {
  for (
    const name of [
      "test_input_required_result_request_state",
      "test_input_required_result_tampered_state",
    ]
  ) {
    server.registerTool(
      name,
      { description: "Asks for a confirmation and trusts only its own state" },
      async (context) => {
        const { inputResponses, requestState } = context.mcpReq;
        const answer = acceptedContent(inputResponses, "confirm", Confirmation);
        if (answer && requestState<Round>()?.round === 1) return text("state-ok");
        return inputRequired({
          inputRequests: { confirm: askForConfirmation() },
          requestState: await state.mint({ round: 1 }, context),
        });
      },
    );
  }
  server.registerTool(
    "test_input_required_result_multiple_inputs",
    { description: "Asks for a name, a sampled message and the roots at once" },
    async (context) => {
      const { inputResponses, requestState } = context.mcpReq;
      const complete = requestState<Round>()?.round === 1 &&
        acceptedContent(inputResponses, "user_name", Name) !== undefined &&
        inputResponse(inputResponses, "greeting").kind === "sampling" &&
        inputResponse(inputResponses, "client_roots").kind === "roots";
      if (complete) return text("All three came");
      return inputRequired({
        inputRequests: {
          user_name: askForName(),
          greeting: askForSample(),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await state.mint({ round: 1 }, context),
      });
    },
  );
  server.registerTool(
    "test_input_required_result_multi_round",
    { description: "Asks for a name, then for a color" },
    async (context) => {
      const { inputResponses, requestState } = context.mcpReq;
      const round = requestState<Round>()?.round;
      if (round === 2 && acceptedContent(inputResponses, "step2", Color)) return text("Done");
      if (round === 2 || (round === 1 && acceptedContent(inputResponses, "step1", Name))) {
        const request = inputRequired.elicit({ message: "Which color?", requestedSchema: Color });
        return inputRequired({
          inputRequests: { step2: request },
          requestState: await state.mint({ round: 2 }, context),
        });
      }
      return inputRequired({
        inputRequests: { step1: askForName() },
        requestState: await state.mint({ round: 1 }, context),
      });
    },
  );
}

function registerCapabilityChecks(server: McpServer): void {
  server.registerTool(
    "test_input_required_result_capabilities",
    { description: "Asks only for what the caller has declared" },
    () => {
      const declared = server.server.getClientCapabilities();
      return inputRequired({
        inputRequests: {
          ...(declared?.sampling ? { sample: askForSample() } : {}),
          ...(declared?.elicitation ? { user_name: askForName() } : {}),
        },
      });
    },
  );
  server.registerTool(
    "test_missing_capability",
    { description: "Cannot do without sampling" },
    () => inputRequired({ inputRequests: { sample: askForSample() } }),
  );
  server.registerTool(
    "test_streaming_elicitation",
    { description: "Logs, then asks for a name" },
    async ({ mcpReq }) => {
      await mcpReq.log("info", "asking");
      return inputRequired({ inputRequests: { user_name: askForName() } });
    },
  );
}
