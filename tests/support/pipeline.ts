/** The real pipeline with probe tools, for tests that call the handler with a Request. */

import { randomBytes } from "node:crypto";
import { z } from "zod";
import { createProofVerifier } from "../../auth/dpop.ts";
import { staticKeys } from "../../auth/jwks.ts";
import { protectedResource } from "../../auth/metadata.ts";
import { createAuthenticator } from "../../auth/mod.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
import { createTokenVerifier } from "../../auth/token_verifier.ts";
import { createChangeBus } from "../../http/change_bus.ts";
import type { ChangeBus } from "../../http/change_bus.ts";
import type { ConfirmationOptions } from "../../http/confirmation.ts";
import { createHandler } from "../../http/handler.ts";
import type { Handler, HandlerDeps } from "../../http/handler.ts";
import { createMcp } from "../../http/mcp.ts";
import type { ToolVisibility } from "../../http/mcp.ts";
import { NAMED_BY } from "../../http/message.ts";
import { intentOf } from "../../http/record.ts";
import { createRoutes } from "../../http/routes.ts";
import { prompts } from "../../prompts/mod.ts";
import { createPrompts } from "../../prompts/registry.ts";
import type { AnyPromptDefinition } from "../../prompts/registry.ts";
import { resources } from "../../resources/mod.ts";
import { createResources } from "../../resources/registry.ts";
import type { AnyResourceDefinition } from "../../resources/registry.ts";
import type { AuditEvent, AuditLog } from "../../store/audit.ts";
import { openAudit } from "../../store/audit/open.ts";
import { openStore } from "../../store/mod.ts";
import type { Store } from "../../store/mod.ts";
import type { Workspace } from "../../store/workspace.ts";
import { createWorkspaceEvents, observed } from "../../store/workspace_events.ts";
import { createExecutor } from "../../tools/execute.ts";
import { createRegistry, defineTool } from "../../tools/registry.ts";
import type { AnyToolDefinition } from "../../tools/registry.ts";
import { startAccess } from "./access.ts";
import type { Access } from "./access.ts";
import { AUDIENCE, createTestIssuer } from "./issuer.ts";
import type { TestIssuer } from "./issuer.ts";

export const ORIGIN = "http://localhost:8000";
export const PAGE_ORIGIN = "http://localhost:6274";

export interface Pipeline extends Access {
  readonly handler: Handler;
  readonly issuer: TestIssuer;
  readonly store: Store;
  /** The store's, whose changes subscribers are told. */
  readonly workspace: Workspace;
  readonly changes: ChangeBus;
  readonly endSubscriptions: () => Promise<void>;
  /** How often each probe tool ran. */
  readonly runs: Map<string, number>;
  /** What was recorded, in order; intents among it. */
  readonly records: AuditEvent[];
  readonly audit: AuditLog;
  readonly unexpected: unknown[];
  close(): Promise<void>;
}

export interface PipelineOptions {
  readonly now?: () => Date;
  readonly visibility?: ToolVisibility;
  readonly tools?: readonly AnyToolDefinition[];
  readonly resources?: readonly AnyResourceDefinition[];
  readonly prompts?: readonly AnyPromptDefinition[];
  readonly confirmation?: Partial<ConfirmationOptions>;
  readonly deps?: Partial<HandlerDeps>;
}

export async function createPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const { now = () => new Date() } = options;
  const issuer = await createTestIssuer({ now });
  const store = await openStore("sqlite::memory:", { now });
  const audit = await openAudit("sqlite::memory:", { instance: "test", version: "0.0.0", now });
  const { revocations, live, access } = await startAccess(store, [issuer.issuer], now);
  const runs = new Map<string, number>();
  const records: AuditEvent[] = [];
  const unexpected: unknown[] = [];
  const policy = createScopePolicy();
  const registry = createRegistry(options.tools ?? probeTools(runs), policy);
  const events = createWorkspaceEvents();
  const workspace = observed(store.workspace, events);
  const declared = options.resources ?? resources;
  const changes = createChangeBus({ events, resources: declared, settleMs: 5 });
  const offer = {
    resources: createResources(declared, policy),
    prompts: createPrompts(options.prompts ?? prompts, policy),
    policy,
    workspace,
  };
  const describe = (origin: string) =>
    protectedResource({
      origin,
      path: "/mcp",
      name: "gatehouse",
      authorizationServers: [issuer.issuer],
      scopes: policy.baseline,
    });
  const onUnexpected = (error: unknown) => unexpected.push(error);
  const mcp = createMcp({
    name: "gatehouse",
    version: "0.0.0",
    instructions: "Call add.",
    registry,
    policy,
    visibility: options.visibility ?? "auto",
    execute: createExecutor({
      registry,
      policy,
      workspace,
      audit,
      access,
      idempotency: store.idempotency,
      now,
      log: () => {},
    }),
    confirmation: {
      key: randomBytes(32),
      replay: store.replay,
      now,
      ...options.confirmation,
    },
    offer,
    changes,
    intend: (exchange) => {
      const event = intentOf(exchange, now(), audit.fingerprint);
      records.push(event);
      return audit.commit(event);
    },
    onUnexpected,
  });
  const handler = createHandler({
    admission: {
      hosts: new Map([
        ["localhost:8000", describe(ORIGIN)],
        ["127.0.0.1:8000", describe("http://127.0.0.1:8000")],
      ]),
      maxBodyBytes: 256 * 1024,
    },
    allowedOrigins: new Set([ORIGIN, PAGE_ORIGIN]),
    routes: createRoutes({
      home: () => ({ body: "<h1>home</h1>", headers: { "content-type": "text/html" } }),
    }),
    authenticator: createAuthenticator({
      verifyToken: createTokenVerifier({
        issuers: [{
          issuer: issuer.issuer,
          profile: ISSUER_PROFILES.rfc9068,
          audiences: new Set([AUDIENCE]),
          strictAudience: false,
          clockTolerance: 30,
          maxLifetime: 86_400,
          algorithms: ["ES256"],
          keys: staticKeys(issuer.jwks, ["ES256"]),
          dpop: { mode: "off", nonce: false },
        }],
      }),
      verifyProof: createProofVerifier({ replay: store.replay, nonceKey: new Uint8Array(32) }),
      revocations,
      now,
    }),
    live,
    registry,
    offer,
    policy,
    mcp,
    bodyTimeoutMs: 200,
    audit: {
      ...audit,
      writable: true,
      record(event) {
        records.push(event);
        audit.record(event);
      },
    },
    onUnexpected,
    now,
    ...options.deps,
  });
  return {
    handler,
    issuer,
    store,
    workspace,
    changes,
    endSubscriptions: mcp.endSubscriptions,
    revocations,
    live,
    access,
    runs,
    records,
    audit,
    unexpected,
    async close() {
      await mcp.close();
      changes.close();
      await audit.close();
      await revocations.close();
      await store.close();
    },
  };
}

/** A reading tool, a writing tool, one that throws, one that reports progress, one that waits to be aborted. */
function probeTools(runs: Map<string, number>): readonly AnyToolDefinition[] {
  const count = (name: string) => runs.set(name, (runs.get(name) ?? 0) + 1);
  const description = "A probe for tests of the request pipeline; it counts how often it ran.";
  const common = { title: "Probe", description, output: z.object({ value: z.number() }) };
  const nothing = z.strictObject({});
  return [
    defineTool({
      ...common,
      name: "add",
      effect: "read",
      scopes: ["org:read"],
      input: z.strictObject({ a: z.number(), b: z.number() }),
      handle({ a, b }) {
        count("add");
        return Promise.resolve({ value: a + b });
      },
    }),
    defineTool({
      ...common,
      name: "purge",
      effect: "update",
      scopes: ["org:write", "env:read"],
      input: nothing,
      handle() {
        count("purge");
        return Promise.resolve({ value: 0 });
      },
    }),
    defineTool({
      ...common,
      name: "explode",
      effect: "read",
      scopes: ["org:read"],
      input: nothing,
      handle() {
        count("explode");
        throw new Error("dsn postgres://admin:hunter2@db");
      },
    }),
    defineTool({
      ...common,
      name: "count",
      effect: "read",
      scopes: ["org:read"],
      input: z.strictObject({ to: z.number().int().min(1).max(100) }),
      async handle({ to }, context) {
        count("count");
        for (let step = 1; step <= to; step += 1) {
          await context.progress({ progress: step, total: to });
        }
        return { value: to };
      },
    }),
    defineTool({
      ...common,
      name: "wait",
      effect: "read",
      scopes: ["org:read"],
      input: nothing,
      async handle(_input, context) {
        count("wait");
        await context.progress({ progress: 1 });
        await new Promise<void>((resolve) => {
          if (context.signal.aborted) return resolve();
          context.signal.addEventListener("abort", () => resolve(), { once: true });
        });
        count("wait:aborted");
        return { value: 1 };
      },
    }),
  ];
}

/** A valid call of 2026-07-28, but for what a test changes. */
export interface CallChanges {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: unknown;
  readonly rawBody?: string | Uint8Array | ReadableStream;
  readonly signal?: AbortSignal;
}

export const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

export function modernBody(
  name: string,
  input: unknown,
  meta: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name, arguments: input, _meta: { ...MODERN_META, ...meta } },
  };
}

export function modernRequest(token: string | undefined, changes: CallChanges = {}): Request {
  const body = changes.body ?? modernBody("add", { a: 1, b: 2 });
  const { method = "", params } = body as { method?: string; params?: Record<string, string> };
  const source = NAMED_BY.get(method);
  return buildRequest(
    {
      "authorization": token === undefined ? undefined : `Bearer ${token}`,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      "mcp-name": source === undefined ? undefined : params?.[source],
    },
    body,
    changes,
  );
}

export function legacyRequest(
  token: string | undefined,
  method: string,
  params: Record<string, unknown> | undefined,
  changes: CallChanges = {},
): Request {
  const body = changes.body ??
    { jsonrpc: "2.0", id: 1, method, ...(params === undefined ? {} : { params }) };
  return buildRequest(
    {
      "authorization": token === undefined ? undefined : `Bearer ${token}`,
      "mcp-protocol-version": "2025-11-25",
    },
    body,
    changes,
  );
}

function buildRequest(
  headers: Record<string, string | undefined>,
  body: unknown,
  changes: CallChanges,
): Request {
  const all = new Headers();
  const wanted = {
    "host": "localhost:8000",
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    ...headers,
    ...changes.headers,
  };
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== undefined) all.set(name, value);
  }
  const method = changes.method ?? "POST";
  const hasBody = method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
  return new Request(ORIGIN + (changes.path ?? "/mcp"), {
    method,
    headers: all,
    ...(hasBody ? { body: (changes.rawBody ?? JSON.stringify(body)) as BodyInit } : {}),
    ...(changes.rawBody instanceof ReadableStream ? { duplex: "half" } : {}),
    ...(changes.signal ? { signal: changes.signal } : {}),
  } as RequestInit);
}

/** The last JSON-RPC message of an answer, whether it came as JSON or as a stream. */
export async function readAnswer(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    return JSON.parse(text);
  }
  return streamMessages(text).at(-1)!;
}

/** Every JSON-RPC message of a streamed answer. */
export function streamMessages(text: string): Record<string, unknown>[] {
  return text.split("\n\n").flatMap((event) => {
    const data = event.split("\n").filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).trim()).join("\n");
    return data === "" ? [] : [JSON.parse(data)];
  });
}
