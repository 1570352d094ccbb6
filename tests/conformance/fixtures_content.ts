/** Fixture tools that answer with each kind of content, fail, log and report progress. */

import type { CallToolResult, McpServer, ServerContext } from "@modelcontextprotocol/server";
import { setTimeout as delay } from "node:timers/promises";

/** One blue pixel. */
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mOQz38NAAIqAXpGbxguAAAAAElFTkSuQmCC";
/** Four samples of silence. */
const WAV = "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA";

/** The pause between two notifications, so that they travel apart. */
const PAUSE_MS = 50;

const CONTENT: Readonly<Record<string, CallToolResult["content"]>> = {
  test_simple_text: [{ type: "text", text: "One line of text." }],
  test_image_content: [{ type: "image", data: PNG, mimeType: "image/png" }],
  test_audio_content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
  test_embedded_resource: [{
    type: "resource",
    resource: { uri: "test://embedded-resource", mimeType: "text/plain", text: "Embedded text." },
  }],
  test_multiple_content_types: [
    { type: "text", text: "A text, an image and a resource." },
    { type: "image", data: PNG, mimeType: "image/png" },
    {
      type: "resource",
      resource: {
        uri: "test://mixed-content-resource",
        mimeType: "application/json",
        text: '{"mixed":true}',
      },
    },
  ],
};

export function registerContentTools(server: McpServer): void {
  for (const [name, content] of Object.entries(CONTENT)) {
    server.registerTool(name, { description: "Answers with fixed content" }, () => ({ content }));
  }
  server.registerTool("test_error_handling", { description: "Always fails" }, () => {
    throw new Error("This fixture fails on purpose");
  });
  server.registerTool(
    "test_tool_with_progress",
    { description: "Reports its progress three times" },
    async (context) => {
      for (const progress of [0, 50, 100]) {
        if (progress > 0) await delay(PAUSE_MS);
        await reportProgress(context, progress);
      }
      return text("Done");
    },
  );
  server.registerTool(
    "test_tool_with_logging",
    { description: "Logs three lines while it runs" },
    async (context) => {
      for (const [index, line] of ["started", "half way", "finished"].entries()) {
        if (index > 0) await delay(PAUSE_MS);
        await context.mcpReq.log("info", line);
      }
      return text("Done");
    },
  );
  server.registerTool(
    "test_logging_tool",
    { description: "Logs one line, which reaches only callers that asked for a log level" },
    async (context) => {
      await context.mcpReq.log("info", "called");
      return text("Done");
    },
  );
}

export function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

async function reportProgress(context: ServerContext, progress: number): Promise<void> {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await context.mcpReq.notify({
    method: "notifications/progress",
    params: { progressToken, progress, total: 100 },
  });
}
