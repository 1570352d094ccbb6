/** Reads a file of lines in blocks, from either end, as a file that may grow, be cut off or hold anything. */

import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { recordOf } from "./record.ts";
import type { StoredLine } from "./storage.ts";

const BLOCK_BYTES = 64 * 1024;
/** Far above what is ever written; a longer line is not ours. */
const MAX_LINE_BYTES = 1024 * 1024;
const LINE_END = 10;

/** Yields the lines from `offset` on, the last one as far as it is there. */
export async function* linesForward(
  handle: FileHandle,
  file: string,
  offset = 0,
): AsyncGenerator<StoredLine> {
  let rest = Buffer.alloc(0);
  let restAt = offset;
  for (let at = offset;;) {
    const block = await readBlock(handle, at, BLOCK_BYTES);
    if (block.length === 0) break;
    at += block.length;
    const bytes = Buffer.concat([rest, block]);
    let start = 0;
    for (let end; (end = bytes.indexOf(LINE_END, start)) >= 0; start = end + 1) {
      yield {
        text: decode(bytes.subarray(start, end)),
        file,
        offset: restAt + start,
        complete: true,
      };
    }
    rest = bytes.subarray(start);
    restAt += start;
    if (rest.length > MAX_LINE_BYTES) break;
  }
  if (rest.length > 0) yield { text: decode(rest), file, offset: restAt, complete: false };
}

/** Yields the lines that begin before `end`, the last one first. */
export async function* linesBackward(
  handle: FileHandle,
  file: string,
  end: number,
): AsyncGenerator<StoredLine> {
  if (end === 0) return;
  let complete = (await readBlock(handle, end - 1, 1))[0] === LINE_END;
  // Ends where the line that is looked for ends.
  let bytes = Buffer.alloc(0);
  for (let at = complete ? end - 1 : end; at > 0;) {
    const size = Math.min(BLOCK_BYTES, at);
    at -= size;
    bytes = Buffer.concat([await readBlock(handle, at, size), bytes]);
    for (let before; (before = bytes.lastIndexOf(LINE_END)) >= 0; complete = true) {
      const text = decode(bytes.subarray(before + 1));
      yield { text, file, offset: at + before + 1, complete };
      bytes = bytes.subarray(0, before);
    }
    if (bytes.length > MAX_LINE_BYTES) return;
  }
  yield { text: decode(bytes), file, offset: 0, complete };
}

/** Where the lines of records after `seq` begin, found by halving; the end where a line cannot be read. */
export async function endOfRecord(
  handle: FileHandle,
  file: string,
  seq: number,
): Promise<number> {
  const { size } = await handle.stat();
  let low = 0;
  for (let high = size; high - low > BLOCK_BYTES;) {
    const middle = low + Math.floor((high - low) / 2);
    const line = await lineAfter(handle, file, middle);
    const record = line?.complete ? recordOf(line.text) : undefined;
    if (line && record && record.seq <= seq) low = line.offset;
    else high = middle;
  }
  for await (const line of linesForward(handle, file, low)) {
    const record = recordOf(line.text);
    if (record && record.seq > seq) return line.offset;
  }
  return size;
}

async function lineAfter(
  handle: FileHandle,
  file: string,
  offset: number,
): Promise<StoredLine | undefined> {
  let first = true;
  for await (const line of linesForward(handle, file, offset)) {
    if (!first) return line;
    first = false;
  }
  return undefined;
}

async function readBlock(handle: FileHandle, at: number, size: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(block, filled, size - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return block.subarray(0, filled);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are no UTF-8 must not read like others that are. */
function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return "";
  }
}
