/** Fixture prompts, and the completion of a prompt's argument. */

import { acceptedContent, completable, inputRequired } from "@modelcontextprotocol/server";
import type { GetPromptResult, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { PNG } from "./fixtures_content.ts";

type PromptContent = GetPromptResult["messages"][number]["content"];

const Topic = z.object({ context: z.string() });

export function registerPrompts(server: McpServer): void {
  server.registerPrompt(
    "test_simple_prompt",
    { description: "A prompt without arguments" },
    () => messages({ type: "text", text: "Say hello." }),
  );
  server.registerPrompt(
    "test_prompt_with_arguments",
    {
      description: "A prompt that repeats its arguments",
      argsSchema: z.object({
        arg1: completable(
          z.string().describe("Any text"),
          (value) => ["test", "testament", "testing"].filter((word) => word.startsWith(value)),
        ),
        arg2: z.string().describe("Any other text"),
      }),
    },
    ({ arg1, arg2 }) => messages({ type: "text", text: `First ${arg1}, then ${arg2}` }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    {
      description: "A prompt with a resource in it",
      argsSchema: z.object({ resourceUri: z.string().describe("The resource to embed") }),
    },
    ({ resourceUri }) =>
      messages(
        {
          type: "resource",
          resource: { uri: resourceUri, mimeType: "text/plain", text: "Embedded text." },
        },
        { type: "text", text: "Sum up the resource." },
      ),
  );
  server.registerPrompt(
    "test_prompt_with_image",
    { description: "A prompt with an image in it" },
    () =>
      messages(
        { type: "image", data: PNG, mimeType: "image/png" },
        { type: "text", text: "Describe the image." },
      ),
  );
  server.registerPrompt(
    "test_input_required_result_prompt",
    { description: "A prompt that asks for its topic first" },
    ({ mcpReq }) => {
      const answer = acceptedContent(mcpReq.inputResponses, "user_context", Topic);
      if (answer) return messages({ type: "text", text: `Write about ${answer.context}.` });
      const request = inputRequired.elicit({ message: "About what?", requestedSchema: Topic });
      return inputRequired({ inputRequests: { user_context: request } });
    },
  );
}

function messages(...contents: readonly PromptContent[]): GetPromptResult {
  return { messages: contents.map((content) => ({ role: "user", content })) };
}
