/** The filters that the `gatehouse audit` commands share. */

import { Option } from "commander";
import type { Command } from "commander";
import type { AuditQuery } from "../store/audit.ts";
import { usageError } from "./command.ts";
import type { ConfigFlags } from "./command.ts";

export interface FilterFlags extends ConfigFlags {
  readonly client?: string;
  readonly subject?: string;
  readonly tool?: string;
  readonly event?: string;
  readonly decision?: "allow" | "deny" | "fail";
  readonly reason?: string;
  readonly request?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: string;
}

export type Filters = Omit<AuditQuery, "limit" | "pageToken">;

export function withFilterFlags(command: Command): Command {
  return command
    .option("--client <id>", "only this client")
    .option("--subject <subject>", "only this subject")
    .option("--tool <name>", "only calls of this tool")
    .option("--event <name>", "only this event, such as tool.call or access.revoked")
    .addOption(
      new Option("--decision <decision>", "only what was decided so")
        .choices(["allow", "deny", "fail"]),
    )
    .option("--reason <reason>", "only this reason, such as insufficient_scope")
    .option("--request <id>", "only the request with this id")
    .option("--since <time>", "from this time on: 2025-01-31T09:00:00Z, or 15m, 2h, 7d ago")
    .option("--until <time>", "before this time, in the same forms");
}

/** @throws {AppError} `invalid_request` for a time of another form. */
export function filtersOf(flags: FilterFlags, now: Date): Filters {
  const { client, subject, tool, event, decision, reason, request, since, until } = flags;
  return {
    ...(client !== undefined && { clientId: client }),
    ...(subject !== undefined && { subject }),
    ...(tool !== undefined && { tool }),
    ...(event !== undefined && { event: event as NonNullable<Filters["event"]> }),
    ...(decision !== undefined && { decision }),
    ...(reason !== undefined && { reason }),
    ...(request !== undefined && { requestId: request }),
    ...(since !== undefined && { since: timeOf(since, "--since", now) }),
    ...(until !== undefined && { until: timeOf(until, "--until", now) }),
  };
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const AGO = /^(\d{1,6})([smhd])$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function timeOf(text: string, flag: string, now: Date): string {
  const ago = AGO.exec(text);
  if (ago) {
    const unit = UNIT_MS[ago[2] as keyof typeof UNIT_MS];
    return new Date(now.getTime() - Number(ago[1]) * unit).toISOString();
  }
  const time = new Date(text);
  if (RFC3339.test(text) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw usageError(
    `${flag} ${text} is no time; write 2025-01-31T09:00:00Z, or 15m, 2h, 7d for so long ago`,
  );
}

/** A count that is at least 1. */
export function countOf(text: string, flag: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw usageError(`${flag} ${text} is not a number above 0`);
}
