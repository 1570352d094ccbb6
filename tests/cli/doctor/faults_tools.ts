/** Faults in the list of tools, in calls, and in what answers give away. */

import {
  answering,
  answersWith,
  challengesWith,
  resultOf,
  rpcError,
  rpcResult,
} from "./changes.ts";
import type { Loose } from "./changes.ts";
import type { Faults, Target } from "./scene.ts";

const isPost = (request: Request) => request.method === "POST";
const oneTool = (change: (tool: Loose) => Loose) =>
  resultOf("tools/list", (result) => ({
    ...result,
    tools: result.tools.map((tool: Loose, index: number) => index === 0 ? change(tool) : tool),
  }));
const ok = () => rpcResult();

export function toolsFaults(target: Target): Faults {
  return {
    "tools-list": [{
      status: "fail",
      seen: /1 of/,
      change: oneTool(({ inputSchema: _, ...tool }) => tool),
    }],
    "tools-names": [
      { status: "fail", seen: /refuse/, change: oneTool((tool) => ({ ...tool, name: "a b" })) },
      { status: "fail", seen: /twice/, change: oneTool((tool) => ({ ...tool, name: "whoami" })) },
    ],
    "tools-schemas": [{
      status: "fail",
      seen: /anyOf at its root/,
      change: oneTool((tool) => ({ ...tool, inputSchema: { type: "object", anyOf: [] } })),
    }],
    "tools-format": [
      {
        status: "warn",
        seen: /uses format/,
        change: oneTool((tool) => withProperty(tool, { format: "uri" })),
      },
      {
        status: "warn",
        seen: /another document/,
        change: oneTool((tool) => withProperty(tool, { $ref: "https://x.example/" })),
      },
    ],
    "tools-descriptions": [
      {
        status: "warn",
        seen: /has none/,
        change: oneTool((tool) => ({ ...tool, description: "" })),
      },
      {
        status: "warn",
        seen: /hidden/,
        change: oneTool((tool) => ({ ...tool, description: "Lists things\u{e0041}\u200b" })),
      },
    ],
    "tools-annotations": [
      {
        status: "warn",
        seen: /no annotations/,
        change: oneTool(({ annotations: _, ...tool }) => tool),
      },
      {
        status: "warn",
        seen: /reads only and destroys/,
        change: oneTool((tool) => ({
          ...tool,
          annotations: { readOnlyHint: true, destructiveHint: true },
        })),
      },
    ],
    "tools-cache": [
      {
        status: "fail",
        seen: /ttlMs absent/,
        change: resultOf("tools/list", ({ ttlMs: _, ...result }) => result),
      },
      {
        status: "fail",
        seen: /two lists/,
        change: resultOf("tools/list", ({ tools, ...result }, token) => ({
          ...result,
          cacheScope: "public",
          tools: token.includes(target.low) ? tools.slice(1) : tools,
        })),
      },
    ],
    "tools-unknown": [
      {
        status: "fail",
        seen: /constructor answered 200/,
        change: answering((request) => request.headers.get("mcp-name") === "constructor", ok),
      },
      {
        status: "warn",
        seen: /-32000/,
        change: answering(
          (request) => request.headers.get("mcp-name") === "constructor",
          () => rpcError(-32000),
        ),
      },
    ],
    "calls-results": [
      {
        status: "warn",
        seen: /256 KiB/,
        change: resultOf("tools/call", (result) => ({ ...result, padding: "x".repeat(300_000) })),
      },
      {
        status: "warn",
        seen: /no structuredContent/,
        change: resultOf("tools/call", ({ structuredContent: _, ...result }) => result),
      },
    ],
    "calls-errors": [{
      status: "fail",
      seen: /connection string/,
      change: resultOf("tools/call", () => ({
        isError: true,
        content: [{ type: "text", text: "cannot reach postgres://admin:hunter2@db/main" }],
      })),
    }],
    "calls-scope": [
      {
        status: "fail",
        seen: /a result instead of 403/,
        change: answering(
          (request) =>
            request.headers.has("mcp-name") &&
            request.headers.get("authorization") === `Bearer ${target.low}`,
          () =>
            rpcResult({ isError: true, content: [{ type: "text", text: "Insufficient scope" }] }),
        ),
      },
      {
        status: "fail",
        seen: /403 with/,
        change: challengesWith((challenge) => challenge.replace(/ scope="[^"]*",/, "")),
      },
    ],
    "leak-errors": [{
      status: "fail",
      seen: /a stack trace/,
      change: answering(
        isPost,
        () => new Response("Error: x\n    at run (/srv/app/server.js:12:3)", { status: 401 }),
      ),
    }],
    "leak-tokens": [{
      status: "fail",
      seen: /the token/,
      change: async (request, next) => {
        const header = request.headers.get("authorization");
        const response = await next(request);
        if (header === null) return response;
        const headers = new Headers(response.headers);
        headers.set("x-debug", header);
        return new Response(response.body, { status: response.status, headers });
      },
    }],
    "leak-versions": [
      { status: "warn", seen: /nginx\/1.18.0/, change: answersWith({ server: "nginx/1.18.0" }) },
    ],
    "leak-echo": [{
      status: "warn",
      seen: /the name/,
      change: answering(
        (request) => request.headers.get("origin") === "https://doctor.invalid",
        () => new Response("Invalid Origin: https://doctor.invalid", { status: 403 }),
      ),
    }],
  };
}

function withProperty(tool: Loose, property: unknown): Loose {
  return { ...tool, inputSchema: { ...tool.inputSchema, properties: { added: property } } };
}
