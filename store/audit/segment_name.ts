/** The names of segments: the chain and the number of the first record, so that they sort as they were written. */

import { recordOf } from "./record.ts";

const SEGMENT = /^([a-z0-9-]+)\.(\d{12})\.jsonl$/;

export function segmentName(chain: string, firstSeq: number): string {
  return `${chain}.${String(firstSeq).padStart(12, "0")}.jsonl`;
}

export function parseSegmentName(
  file: string,
): { readonly chain: string; readonly firstSeq: number } | undefined {
  const match = SEGMENT.exec(file);
  return match ? { chain: match[1]!, firstSeq: Number(match[2]) } : undefined;
}

/** Says so where a segment begins with another record than its name says. */
export function segmentFault(file: string, firstLine: string): string | undefined {
  const name = parseSegmentName(file);
  const record = recordOf(firstLine);
  if (name === undefined || record === undefined || record.seq === name.firstSeq) return undefined;
  return `the file is named for record ${name.firstSeq}, but begins with record ${record.seq}`;
}
