/** Audit chains in a directory: for each a row of append-only segments, a head and a lock. */

import { Buffer } from "node:buffer";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { isFileLocked, takeFileLock } from "../sql/file_lock.ts";
import type { FileLock } from "../sql/file_lock.ts";
import { errorCode } from "../private_file.ts";
import { endOfRecord, linesBackward, linesForward } from "./lines.ts";
import { parseSegmentName, segmentName } from "./segment_name.ts";
import { setAside } from "./set_aside.ts";
import type { AuditStorage, ClaimedChain } from "./storage.ts";

export interface FileStorageOptions {
  /** A group that would begin in a segment of this size begins a new one. */
  readonly maxSegmentBytes?: number;
}

const { O_RDWR, O_CREAT } = constants;
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
const HEAD = /^([a-z0-9-]+)\.head\.json$/;

/** Makes nothing until a chain is claimed. */
export function createFileStorage(
  directory: string,
  { maxSegmentBytes = MAX_SEGMENT_BYTES }: FileStorageOptions = {},
): AuditStorage {
  const lockPath = (chain: string) => join(directory, `${chain}.lock`);

  async function names(): Promise<readonly string[]> {
    try {
      return (await readdir(directory)).sort();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  async function segments(chain: string): Promise<string[]> {
    return (await names()).filter((name) => parseSegmentName(name)?.chain === chain);
  }

  return {
    place: directory,
    anew: "move the directory away and start again, which begins a new trail",

    async chains() {
      const found = (await names()).map((name) =>
        parseSegmentName(name)?.chain ?? HEAD.exec(name)?.[1]
      );
      return [...new Set(found.filter((name) => name !== undefined))].sort();
    },

    async readHead(chain) {
      try {
        return await readFile(join(directory, `${chain}.head.json`), "utf8");
      } catch (error) {
        if (errorCode(error) === "ENOENT") return undefined;
        throw error;
      }
    },

    async *readForward(chain) {
      for (const file of await segments(chain)) {
        await using segment = await openSegment(directory, file);
        yield* linesForward(segment.handle, file);
      }
    },

    async *readBackward(chain, fromSeq = Infinity) {
      for (const file of (await segments(chain)).reverse()) {
        if (parseSegmentName(file)!.firstSeq > fromSeq) continue;
        await using segment = await openSegment(directory, file);
        const { handle } = segment;
        const end = fromSeq === Infinity
          ? (await handle.stat()).size
          : await endOfRecord(handle, file, fromSeq);
        yield* linesBackward(handle, file, end);
      }
    },

    async isHeld(chain) {
      return (await names()).includes(`${chain}.lock`) && isFileLocked(lockPath(chain));
    },

    async claim(chain) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const lock = takeFileLock(lockPath(chain));
      if (lock === undefined) return undefined;
      return claimedChain(directory, chain, (await segments(chain)).at(-1), lock, maxSegmentBytes);
    },
  };
}

async function openSegment(directory: string, file: string) {
  const handle = await open(join(directory, file), "r");
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}

function claimedChain(
  directory: string,
  chain: string,
  newest: string | undefined,
  lock: FileLock,
  maxSegmentBytes: number,
): ClaimedChain {
  let held: FileLock | undefined = lock;
  let file = newest;
  let handle: FileHandle | undefined;
  /** Of the file, up to the last group that was written whole; unknown until it is opened for the first time. */
  let size: number | undefined;

  async function reopen(): Promise<FileHandle> {
    const opened = await open(join(directory, file!), "r+");
    const present = (await opened.stat()).size;
    if (size !== undefined && present < size) {
      await opened.close();
      throw new Error(`${file} is shorter than what was written to it`);
    }
    size ??= present;
    // What is behind it came from a group that failed.
    await opened.truncate(size);
    return opened;
  }

  async function startSegment(firstSeq: number): Promise<FileHandle> {
    const name = segmentName(chain, firstSeq);
    // Not exclusively: a former attempt may have come this far.
    const opened = await open(join(directory, name), O_RDWR | O_CREAT, 0o600);
    if ((await opened.stat()).size > 0) {
      await opened.close();
      throw new Error(`${name} is there already`);
    }
    await handle?.close();
    [handle, file, size] = [opened, name, 0];
    await syncDirectory(directory);
    return opened;
  }

  /** A file that was removed would take every write, and lose it. */
  async function requireUntouched(segment: FileHandle): Promise<void> {
    const { nlink, size: present } = await segment.stat();
    if (nlink === 0) throw new Error(`${file} was removed`);
    if (present !== size) throw new Error(`${file} was changed by another`);
  }

  /** Takes back what was written of a group; what cannot be taken back now is when the file is opened again. */
  async function abandon(): Promise<void> {
    const failed = handle;
    handle = undefined;
    try {
      if (failed && (await failed.stat()).size > size!) await failed.truncate(size);
    } catch {
      // The failure that led here is the one to report.
    } finally {
      await failed?.close().catch(() => {});
    }
  }

  return {
    async append(lines, firstSeq) {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      try {
        if (file !== undefined) handle ??= await reopen();
        const segment = handle !== undefined && size! < maxSegmentBytes
          ? handle
          : await startSegment(firstSeq);
        await requireUntouched(segment);
        await writeAll(segment, bytes, size!);
        await segment.datasync();
        size! += bytes.length;
      } catch (error) {
        await abandon();
        throw error;
      }
    },

    async saveHead(text) {
      const path = join(directory, `${chain}.head.json`);
      const temporary = await open(`${path}.tmp`, "w", 0o600);
      try {
        await temporary.writeFile(text);
        await temporary.datasync();
      } finally {
        await temporary.close();
      }
      await rename(`${path}.tmp`, path);
    },

    setAside: (from, time) => setAside(directory, from, time),

    async release() {
      await handle?.close().catch(() => {});
      handle = undefined;
      held?.release();
      held = undefined;
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** A new name is durable when its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
