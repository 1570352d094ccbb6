/** `gatehouse audit`: reads, verifies and exports the audit trail, whether or not a server is writing it. */

import { open } from "node:fs/promises";
import { AppError } from "../errors.ts";
import type { AuditRecord } from "../store/audit.ts";
import { exportLines, verifyExport } from "../store/audit/export.ts";
import type { AuditTrail } from "../store/audit/open.ts";
import { canonical, visible } from "../store/audit/record.ts";
import { verifyStorage } from "../store/audit/verify.ts";
import { countOf, filtersOf, withFilterFlags } from "./audit_filters.ts";
import type { FilterFlags, Filters } from "./audit_filters.ts";
import { endsOf, recordsAfter } from "./audit_follow.ts";
import { auditTrailOf } from "./audit_log.ts";
import { exportText, recordLines, reportText } from "./audit_text.ts";
import { configFrom, usageError, withConfigFlags } from "./command.ts";
import type { ConfigFlags, ExitCode, Io, Register } from "./command.ts";

const PAGE = 500;
const FOLLOW_INTERVAL_MS = 500;

type ListFlags = FilterFlags & { readonly json?: boolean };
type TailFlags = ListFlags & { readonly lines: string; readonly follow?: boolean };
type ExportFlags = FilterFlags & { readonly out?: string };
type VerifyFlags = ConfigFlags & { readonly file?: string; readonly json?: boolean };

export const registerAudit: Register = (program, io, setExit) => {
  const audit = program.command("audit").description("read, verify and export the audit trail");

  withFilterFlags(withConfigFlags(audit.command("tail")))
    .description("print the newest records, the newest last")
    .option("-n, --lines <number>", "how many", "20")
    .option("-f, --follow", "go on with what is added")
    .option("--json", "print one record a line as JSON")
    .action((flags: TailFlags) => {
      const filters = filtersOf(flags, new Date());
      return withTrail(io, flags, (trail) => tail(io, flags, trail, filters));
    });

  withFilterFlags(withConfigFlags(audit.command("query")))
    .description("find records, the newest first")
    .option("--limit <number>", "at most so many", "100")
    .option("--json", "print one record a line as JSON")
    .action((flags: ListFlags) => {
      const limit = countOf(flags.limit!, "--limit");
      const filters = filtersOf(flags, new Date());
      return withTrail(io, flags, async (trail) => {
        const records = await newest(trail, filters, limit);
        if (records.length > 0) print(io, records, flags.json);
        else if (!flags.json) io.err("No record matches");
      });
    });

  withConfigFlags(audit.command("verify"))
    .description("check every hash, link and signature; exit code 1 where something is wrong")
    .option("--file <export>", "check a file that `audit export` wrote instead")
    .option("--json", "print the report as JSON")
    .action(async (flags: VerifyFlags) => setExit(await verify(io, flags)));

  withFilterFlags(withConfigFlags(audit.command("export")))
    .description("write the records as they are, oldest first, with what it takes to verify them")
    .option("--limit <number>", "at most so many")
    .option("--out <file>", "write to this new file instead of standard output")
    .action((flags: ExportFlags) => {
      const filters = filtersOf(flags, new Date());
      return withTrail(io, flags, (trail) => exportTrail(io, flags, trail, filters));
    });
};

async function withTrail<T>(
  io: Io,
  flags: ConfigFlags,
  work: (trail: AuditTrail) => Promise<T>,
): Promise<T> {
  const trail = await auditTrailOf(await configFrom(io, flags));
  try {
    if ((await trail.storage.chains()).length > 0) return await work(trail);
    throw usageError(
      `There is no audit trail in ${trail.storage.place}; give the --store of the server, or --config`,
    );
  } finally {
    await trail.close();
  }
}

/** A page may hold fewer than asked for, as each costs a bounded amount of reading. */
async function newest(
  trail: AuditTrail,
  filters: Filters,
  limit: number,
): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  let pageToken: string | undefined;
  do {
    const page = await trail.query({
      ...filters,
      limit: Math.min(PAGE, limit - records.length),
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    records.push(...page.records);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && records.length < limit);
  return records;
}

async function tail(
  io: Io,
  flags: TailFlags,
  trail: AuditTrail,
  filters: Filters,
): Promise<void> {
  const lines = countOf(flags.lines, "--lines");
  const seen = await endsOf(trail.storage);
  const records = await newest(trail, filters, lines);
  // A busy server has gone on since.
  for (const { chain, seq } of records) seen.set(chain, Math.max(seq, seen.get(chain) ?? 0));
  if (records.length > 0 || flags.follow) print(io, records.toReversed(), flags.json);
  else if (!flags.json) io.err("No record matches");
  while (flags.follow) {
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_INTERVAL_MS));
    const added = await recordsAfter(trail.storage, seen, filters);
    if (added.length > 0) print(io, added, flags.json, false);
  }
}

function print(io: Io, records: readonly AuditRecord[], json?: boolean, headings = true): void {
  if (!json) return io.out(recordLines(records, headings));
  if (records.length > 0) {
    io.out(records.map((record) => visible(canonical(record))).join("\n"));
  }
}

async function verify(io: Io, flags: VerifyFlags): Promise<ExitCode> {
  if (flags.file !== undefined) {
    const report = await verifyExport(flags.file);
    io.out(flags.json ? JSON.stringify(report, null, 2) : exportText(report, flags.file));
    return report.ok ? 0 : 1;
  }
  return await withTrail(io, flags, async ({ storage, keys }) => {
    const report = await verifyStorage(storage, await keys());
    io.out(flags.json ? JSON.stringify(report, null, 2) : reportText(report, storage.place));
    return report.ok ? 0 : 1;
  });
}

async function exportTrail(
  io: Io,
  flags: ExportFlags,
  trail: AuditTrail,
  filters: Filters,
): Promise<void> {
  const lines = exportLines(trail.storage, await trail.keys(), {
    now: () => new Date(),
    filters,
    ...(flags.limit === undefined ? {} : { limit: countOf(flags.limit, "--limit") }),
  });
  if (flags.out === undefined) return await inBlocks(lines, (text) => io.out(text));
  const file = await open(flags.out, "wx", 0o600).catch((cause) => {
    throw new AppError("invalid_request", `${flags.out} cannot be made, or is there already`, {
      reason: "usage",
      cause,
    });
  });
  try {
    await inBlocks(lines, (text) => file.writeFile(text));
  } finally {
    await file.close();
  }
}

async function inBlocks(
  lines: AsyncIterable<string>,
  write: (text: string) => void | Promise<void>,
): Promise<void> {
  let block: string[] = [];
  for await (const line of lines) {
    if (block.push(`${line}\n`) < PAGE) continue;
    await write(block.join(""));
    block = [];
  }
  if (block.length > 0) await write(block.join(""));
}
