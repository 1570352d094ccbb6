/** The numbers that are read and not counted: of the process, of the audit trail, of the revocation list. */

import process from "node:process";
import type { Labels } from "./prometheus.ts";

/** A number that is read when it is collected. */
export interface Observed {
  /** Dotted, without its unit: `gatehouse.jwks.stale`. */
  readonly name: string;
  readonly description: string;
  /** UCUM; `s` and `By` become the end of the Prometheus name. */
  readonly unit: "s" | "By" | "1";
  /** Whether it only grows. */
  readonly monotonic?: boolean;
}

/** Reports a number each time it is collected; attribute values come from configuration, so that they are few. */
export type Observe = (what: Observed, attributes: Labels, read: () => number) => void;

/** Where numbers come from that others keep; a part that is absent has no series. */
export interface MetricSources {
  readonly audit?: {
    readonly written: () => number;
    readonly waiting: () => number;
    readonly failedFlushes: () => number;
    readonly writable: () => boolean;
  };
  readonly revocations?: {
    readonly inForce: () => number;
    /** Since this instance last knew the whole list. */
    readonly lagSeconds: () => number;
  };
}

export function observeProcess(observe: Observe, version: string): void {
  const started = Date.now() / 1000 - process.uptime();
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  const runtime = bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${process.versions.node}`;
  observe(
    { name: "gatehouse.build_info", description: "1, with what this server is", unit: "1" },
    { version, runtime },
    () => 1,
  );
  observe(
    {
      name: "gatehouse.process.start_time",
      description: "When the process started, since the epoch",
      unit: "s",
    },
    {},
    () => started,
  );
  observe(
    {
      name: "gatehouse.process.resident_memory",
      description: "Resident memory of the process",
      unit: "By",
    },
    {},
    () => process.memoryUsage().rss,
  );
}

export function observeSources(observe: Observe, { audit, revocations }: MetricSources): void {
  const gauge = (name: string, description: string, read: () => number, unit: "1" | "s" = "1") =>
    observe({ name: `gatehouse.${name}`, description, unit }, {}, read);
  const counter = (name: string, description: string, read: () => number) =>
    observe({ name: `gatehouse.${name}`, description, unit: "1", monotonic: true }, {}, read);
  if (audit) {
    counter("audit.records_written", "Audit records that are durable", audit.written);
    counter(
      "audit.flushes_failed",
      "Attempts to write audit records that failed",
      audit.failedFlushes,
    );
    gauge("audit.records_waiting", "Audit records that are not yet durable", audit.waiting);
    gauge("audit.writable", "1 while audit records can be written", () => Number(audit.writable()));
  }
  if (revocations) {
    gauge("revocations.in_force", "Revocations that this instance enforces", revocations.inForce);
    gauge(
      "revocations.lag",
      "Time since this instance last knew the whole list of revocations",
      revocations.lagSeconds,
      "s",
    );
  }
}
