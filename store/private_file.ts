/** Files that hold secrets: read only where nobody else can read them, made complete or not at all. */

import { randomBytes } from "node:crypto";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { AppError } from "../errors.ts";

/**
 * Reads a key file; `undefined` where there is none.
 *
 * @throws {AppError} `unavailable` for a file that others can read, or that cannot be read.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      if (process.platform !== "win32" && (mode & 0o077) !== 0) {
        throw new AppError(
          "unavailable",
          `The key file ${path} can be read by others; run: chmod 600 ${path}`,
          { reason: "key_file_mode" },
        );
      }
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (errorCode(error) === "ENOENT") return undefined;
    throw new AppError("unavailable", `The key file ${path} cannot be read`, { cause: error });
  }
}

/**
 * Returns the text of the key file, which is made of `create()` where there is none.
 *
 * Of several processes that start at once one makes the file and all use it.
 *
 * @throws {AppError} `unavailable` where the file cannot be read or made.
 */
export async function readOrCreatePrivateFile(
  path: string,
  create: () => Promise<string>,
): Promise<string> {
  const present = await readPrivateFile(path);
  if (present !== undefined) return present;
  await writeNewFile(path, await create());
  const made = await readPrivateFile(path);
  if (made !== undefined) return made;
  throw new AppError("unavailable", `The key file ${path} disappeared while it was made`);
}

/** Appears under its name complete or not at all, and never replaces a file: link(2) refuses an existing name. */
async function writeNewFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await link(temporary, path);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    } finally {
      await unlink(temporary);
    }
  } catch (error) {
    throw new AppError(
      "unavailable",
      `The key file ${path} cannot be made; the folder must be writable and allow hard links`,
      { cause: error },
    );
  }
}

/** The code of a system error, such as `ENOENT`. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
