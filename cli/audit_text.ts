/** Audit records and verification reports as text for people. */

import type { AuditRecord } from "../store/audit.ts";
import type { ExportReport } from "../store/audit/export.ts";
import type { ChainReport, VerifyReport } from "../store/audit/verify.ts";
import { columns } from "./command.ts";

/** Characters that a terminal obeys or that break and turn lines. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const MAX_CELL = 48;

/** Makes a stranger's text safe to show. */
export function plain(text: string): string {
  const safe = text.replace(INVISIBLE, "\uFFFD");
  return safe.length > MAX_CELL ? `${safe.slice(0, MAX_CELL - 1)}…` : safe;
}

const HEADINGS = ["time", "decision", "status", "what", "client", "subject", "reason"] as const;
/** So that what follows later stays in line with what was printed first. */
const LEAST_WIDTHS = [20, 8, 6, 28, 16, 8, 0] as const;

/** One line a record, under headings where they are asked for. */
export function recordLines(records: readonly AuditRecord[], headings: boolean): string {
  const rows = [...(headings ? [HEADINGS] : []), ...records.map(cells)];
  return columns(
    rows.map((row) => row.map((cell, index) => cell.padEnd(LEAST_WIDTHS[index]!))),
    "",
  );
}

function cells(record: AuditRecord): readonly string[] {
  const { decision, reason, principal, actor, outcome } = record;
  const isOwnSubject = principal === undefined || principal.subject === principal.clientId;
  return [
    shortTime(record.time),
    decision,
    String(outcome?.status ?? "-"),
    plain(whatOf(record)),
    plain(principal?.clientId ?? actor ?? "-"),
    plain(isOwnSubject ? "-" : principal.subject),
    plain(reason),
  ];
}

function whatOf({ event, tool, resource, prompt, request }: AuditRecord): string {
  if (tool) return event === "tool.intent" ? `${tool.name} (intent)` : tool.name;
  const named = resource?.name ?? prompt?.name;
  if (event === "mcp.request") {
    const method = request?.rpcMethod ?? event;
    return named === undefined ? method : `${method} ${named}`;
  }
  if (request && (event === "request.refused" || event === "operator.request")) {
    return `${request.httpMethod} ${request.path}`;
  }
  return event;
}

function shortTime(time: string): string {
  return plain(time.replace("T", " ").replace(/\.\d+/, ""));
}

/** What was verified, and the first thing that is wrong with each chain. */
export function reportText(report: VerifyReport, place: string): string {
  const verdict = report.ok
    ? `The audit trail in ${place} is whole: ${totals(report)}.`
    : `The audit trail in ${place} is broken.`;
  return [...chainLines(report), verdict, `Signed with the key ${report.keyId}`].join("\n");
}

/** The same of an export, and what it cannot tell. */
export function exportText(report: ExportReport, file: string): string {
  const { ok, signed, partial, keyId } = report;
  return [
    ...chainLines(report),
    ok
      ? `The export ${file} is as it was written: ${totals(report)}.`
      : `The export ${file} is broken.`,
    ...(signed ? [] : ["The signature over the whole file is wrong: it was changed."]),
    ...(partial ? ["It is a selection; what is not in it cannot be told."] : []),
    `Signed with the key ${keyId}; compare this with what \`audit verify\` says on the server.`,
  ].join("\n");
}

function chainLines({ chains }: VerifyReport): readonly string[] {
  const table = columns([
    ["chain", "records", "first", "last", "last signed checkpoint", ""],
    ...chains.map((chain) => [
      plain(chain.chain),
      String(chain.records),
      chain.firstTime ? shortTime(chain.firstTime) : "-",
      chain.lastTime ? shortTime(chain.lastTime) : "-",
      checkpointText(chain),
      chain.fault ? "BROKEN" : "ok",
    ]),
  ], "");
  return [table, "", ...chains.flatMap((chain) => chain.fault ? [faultText(chain)] : [])];
}

function totals({ chains }: VerifyReport): string {
  const records = chains.reduce((sum, chain) => sum + chain.records, 0);
  return `${count(records, "record")} in ${count(chains.length, "chain")}`;
}

function checkpointText({ lastCheckpoint }: ChainReport): string {
  return lastCheckpoint
    ? `record ${lastCheckpoint.seq}, ${shortTime(lastCheckpoint.time)}`
    : "none yet";
}

function faultText({ chain, fault }: ChainReport): string {
  const { problem, file, line, seq } = fault!;
  const where = [
    ...(seq === undefined ? [] : [`record ${seq}`]),
    ...(file === undefined ? [] : [`${file} line ${line}`]),
  ].join(", ");
  return [`Chain ${plain(chain)}${where ? `, ${where}` : ""}:`, `  ${problem}`, ""].join("\n");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
