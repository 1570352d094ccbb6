/** A trail in a new folder, a clock that ticks by itself, and events to write. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent } from "../../../store/audit.ts";
import { createFileStorage } from "../../../store/audit/files.ts";
import { loadAuditKeys, loadOrCreateAuditKeys } from "../../../store/audit/keys.ts";
import type { AuditKeys } from "../../../store/audit/keys.ts";
import { openAuditLog } from "../../../store/audit/log.ts";
import type { AuditLogOptions, OpenedAuditLog } from "../../../store/audit/log.ts";
import type { AuditStorage } from "../../../store/audit/storage.ts";
import { verifyStorage } from "../../../store/audit/verify.ts";
import type { Fault, VerifyReport } from "../../../store/audit/verify.ts";

export interface Trail {
  readonly folder: string;
  readonly directory: string;
  readonly storage: AuditStorage;
  readonly keys: AuditKeys;
  open(options?: Partial<AuditLogOptions>): Promise<OpenedAuditLog>;
  /** The segments of a chain, oldest first, as paths. */
  segments(chain?: string): Promise<string[]>;
  lines(chain?: string): Promise<string[]>;
  verify(): Promise<VerifyReport>;
  /** The first fault of all chains. */
  fault(): Promise<Fault | undefined>;
}

/** Runs a test with a trail of its own. */
export async function withTrail(
  body: (trail: Trail) => Promise<void>,
  maxSegmentBytes?: number,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-audit-"));
  try {
    await body(await createTrail(folder, maxSegmentBytes));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function createTrail(folder: string, maxSegmentBytes?: number): Promise<Trail> {
  const directory = join(folder, "gatehouse.audit");
  const keyFile = join(folder, "gatehouse.audit.keys.json");
  const keys = await loadOrCreateAuditKeys(keyFile);
  const storage = createFileStorage(
    directory,
    maxSegmentBytes === undefined ? {} : { maxSegmentBytes },
  );
  const now = createClock();
  const segments = async (chain = "server") =>
    (await readdir(directory)).filter((name) =>
      name.startsWith(`${chain}.`) && name.endsWith(".jsonl")
    ).sort().map((name) => join(directory, name));
  const verify = async () => verifyStorage(storage, await loadAuditKeys(keyFile));
  return {
    folder,
    directory,
    storage,
    keys,
    open: (options = {}) =>
      openAuditLog(storage, keys, { instance: "server", version: "1.2.3", now, ...options }),
    segments,
    async lines(chain) {
      const texts = await Promise.all(
        (await segments(chain)).map((path) => readFile(path, "utf8")),
      );
      return texts.join("").split("\n").slice(0, -1);
    },
    verify,
    fault: async () => (await verify()).chains.find(({ fault }) => fault)?.fault,
  };
}

/** Each look at the clock is a millisecond later. */
export function createClock(start = "2026-03-01T12:00:00.000Z"): () => Date {
  let time = Date.parse(start);
  return () => new Date(time++);
}

/** A tool call as the pipeline would record it. */
export function call(n: number, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    event: "tool.call",
    time: new Date(Date.parse("2026-03-01T12:30:00.000Z") + n * 1000).toISOString(),
    decision: "allow",
    reason: "ok",
    request: {
      id: `request-${n}`,
      peer: "127.0.0.1",
      httpMethod: "POST",
      path: "/mcp",
      era: "modern",
      rpcMethod: "tools/call",
    },
    principal: {
      issuer: "https://login.example.com/",
      kind: "client",
      subject: "m2m_reporter",
      clientId: "m2m_reporter",
    },
    tool: { name: "list_environments", effect: "read" },
    outcome: { status: 200, isError: false, durationMs: 3, bytes: 812 },
    ...more,
  };
}
