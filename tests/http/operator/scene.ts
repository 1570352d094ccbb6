/** The operator's handler on a real socket, with parts in memory and what it recorded. */

import { createHash } from "node:crypto";
import { listen } from "../../../http/listen.ts";
import { createOperatorHandler } from "../../../http/operator/handler.ts";
import type { OperatorParts } from "../../../http/operator/parts.ts";
import type { AuditEvent } from "../../../store/audit.ts";
import { createMetrics } from "../../../telemetry/metrics.ts";
import { memoryAccess, memoryAudit } from "../../support/operator.ts";
import { sendRaw } from "../../support/socket.ts";
import type { RawAnswer } from "../../support/socket.ts";

export const TOKEN = "gho_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
export const READY = { status: "ready", checks: { store: { ok: true } }, catalogue: "c" } as const;

export interface Scene {
  readonly port: number;
  readonly log: readonly Record<string, unknown>[];
  readonly unexpected: readonly unknown[];
  /** What was recorded, as `who what: reason`. */
  readonly records: readonly string[];
  /** Sends what an operator would, but for what a test changes; undefined leaves a header out. */
  ask(
    line: string,
    headers?: Record<string, string | undefined>,
    body?: unknown,
  ): Promise<RawAnswer>;
}

export async function withOperator(
  work: (scene: Scene) => Promise<void>,
  parts: Partial<OperatorParts> = {},
  tokenHash: string | null = createHash("sha256").update(TOKEN).digest("hex"),
): Promise<void> {
  const log: Record<string, unknown>[] = [];
  const collect = (level: string) => (_message: string, properties = {}) =>
    void log.push({ level, ...properties });
  const unexpected: unknown[] = [];
  const records: string[] = [];
  const take = (who: string) => ({ request, reason, actor, decision }: AuditEvent) => {
    const { httpMethod, path } = request!;
    records.push(`${who} ${actor} ${decision} ${httpMethod} ${path}: ${reason}`);
  };
  let handle = (_request: Request) => Promise.resolve(new Response());
  const listener = listen({ host: "127.0.0.1", port: 0, handler: (request) => handle(request) });
  const { port } = listener;
  const handler = createOperatorHandler({
    metrics: createMetrics({ version: "0", tools: [], limits: [] }),
    readiness: () => Promise.resolve(READY),
    access: memoryAccess(),
    audit: memoryAudit([]),
    recorder: { record: take("operator"), refuse: take("stranger") },
    stopping: () => false,
    ...parts,
  }, {
    port,
    tokenHash: tokenHash ?? undefined,
    logger: { debug: collect("debug"), warning: collect("warning") },
    onUnexpected: (error) => unexpected.push(error),
    now: () => new Date(),
  });
  handle = (request) => handler(request, "127.0.0.1");
  try {
    await work({
      port,
      log,
      unexpected,
      records,
      ask(line, headers = {}, body) {
        const all = {
          host: `127.0.0.1:${port}`,
          authorization: `Bearer ${TOKEN}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        };
        const lines = Object.entries(all).filter(([, value]) => value !== undefined)
          .map(([name, value]) => `${name}: ${value}`);
        const text = typeof body === "string" ? body : JSON.stringify(body);
        return sendRaw(port, [`${line} HTTP/1.1`, ...lines], text);
      },
    });
  } finally {
    await listener.stop(1000);
  }
}

/** The error code of a refusal. */
export const errorOf = ({ body }: RawAnswer) => JSON.parse(body).error as string;
