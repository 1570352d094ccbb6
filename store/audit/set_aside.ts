/** Takes the end of a segment that was never acknowledged out of its chain, and keeps it beside it. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoredLine } from "./storage.ts";

const BLOCK_BYTES = 1024 * 1024;

/** Moves everything from the line on to `<segment>.torn-<time>`, which is durable before the segment is cut. */
export async function setAside(
  directory: string,
  { file, offset }: StoredLine,
  time: string,
): Promise<{ bytes: number; sha256: string }> {
  const path = join(directory, file);
  const { size } = await stat(path);
  const digest = createHash("sha256");
  const source = await open(path, "r+");
  try {
    const copy = await open(`${path}.torn-${time.replaceAll(":", "")}`, "wx", 0o600);
    try {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      for (let at = offset; at < size;) {
        const { bytesRead } = await source.read(block, 0, Math.min(block.length, size - at), at);
        if (bytesRead === 0) break;
        digest.update(block.subarray(0, bytesRead));
        await copy.writeFile(block.subarray(0, bytesRead));
        at += bytesRead;
      }
      await copy.sync();
    } finally {
      await copy.close();
    }
    await source.truncate(offset);
    await source.sync();
  } finally {
    await source.close();
  }
  return { bytes: size - offset, sha256: digest.digest("hex") };
}
