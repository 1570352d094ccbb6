/** Faults with revisions, headers and bodies. */

import { answering, rewriting, rpcError, rpcResult } from "./changes.ts";
import type { Faults } from "./scene.ts";

const LARGE = 2 ** 26;
const bare = (request: Request) => !request.headers.has("authorization");
const ok = () => rpcResult();

export const messagesFaults: Faults = {
  "era-any": [{
    status: "fail",
    seen: /neither/,
    change: answering((request) => !bare(request), () => rpcError(-32601)),
  }],
  "era-modern": [{
    status: "warn",
    seen: /-32601/,
    change: answering(
      (request, body) => !bare(request) && body.includes("server/discover"),
      () => rpcError(-32601),
    ),
  }],
  "era-legacy": [{
    status: "warn",
    seen: /-32601/,
    change: answering(
      (request, body) => !bare(request) && body.includes('"initialize"'),
      () => rpcError(-32601),
    ),
  }],
  "era-unknown": [{
    status: "warn",
    seen: /-32000/,
    change: answering((_, body) => body.includes("2099-01-01"), () => rpcError(-32000, 400)),
  }],
  "header-method": [{
    status: "fail",
    seen: /200/,
    change: rewriting(
      (request, body) => !bare(request) && body.includes("tools/list"),
      (body) => body,
      { "mcp-method": "tools/list" },
    ),
  }],
  "header-version": [{
    status: "fail",
    seen: /200/,
    change: rewriting((request) => !bare(request), (body) => body, {
      "mcp-protocol-version": "2026-07-28",
    }),
  }],
  "header-name": [{
    status: "fail",
    seen: /-32602/,
    change: rewriting(
      (_, body) => body.includes("doctor_no_such_tool"),
      (body) => body,
      { "mcp-name": "doctor_no_such_tool" },
    ),
  }],
  "header-missing": [{
    status: "warn",
    seen: /200/,
    change: rewriting(
      (request, body) => !bare(request) && body.includes("tools/list"),
      (body) => body,
      { "mcp-method": "tools/list" },
    ),
  }],
  "message-batch": [{
    status: "fail",
    seen: /200/,
    change: rewriting(
      (_, body) => body.startsWith("["),
      (body) => JSON.stringify(JSON.parse(body)[0]),
    ),
  }],
  "message-content-type": [{
    status: "fail",
    seen: /200/,
    change: rewriting(() => true, (body) => body, { "content-type": "application/json" }),
  }],
  "message-charset": [{
    status: "warn",
    seen: /200/,
    change: rewriting(() => true, (body) => body, { "content-type": "application/json" }),
  }],
  "message-encoding": [{
    status: "warn",
    seen: /200/,
    change: rewriting(() => true, (body) => body, { "content-encoding": undefined }),
  }],
  "message-size": [{
    status: "warn",
    seen: /200/,
    change: (request, next) =>
      Number(request.headers.get("content-length")) > LARGE ? ok() : next(request),
  }],
  "message-malformed": [{
    status: "fail",
    seen: /500/,
    change: answering(
      (request, body) => !bare(request) && body.endsWith(","),
      () => rpcError(-32603, 500),
    ),
  }],
  "message-duplicate-keys": [{
    status: "warn",
    seen: /200/,
    change: rewriting(
      (_, body) => body.includes('"id":2,"id":1'),
      (body) => JSON.stringify(JSON.parse(body)),
    ),
  }],
  "message-unknown-method": [{
    status: "warn",
    seen: /with a result/,
    change: answering((_, body) => body.includes("doctor/unknown"), ok),
  }],
  "message-get": [{
    status: "warn",
    seen: /200/,
    change: (request, next) =>
      request.method === "GET" && !bare(request) ? new Response("<h1>") : next(request),
  }],
  "message-delete": [{
    status: "warn",
    seen: /200/,
    change: (request, next) =>
      request.method === "DELETE" && !bare(request) ? new Response("") : next(request),
  }],
};
