/** Tells a value that is taken from any other failure of a write. */

/** SQLITE_CONSTRAINT_UNIQUE (sqlite.org/rescode.html) and the SQLSTATE of a unique violation. */
const SQLITE_UNIQUE = 2067;
const SQLSTATE_UNIQUE = "23505";

/**
 * Runs a change; where a unique constraint refuses it, throws what `taken` makes instead.
 *
 * The constraint decides and not a look before the write, which another process can overtake.
 */
export async function unlessTaken<T>(change: () => Promise<T>, taken: () => Error): Promise<T> {
  try {
    return await change();
  } catch (error) {
    const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown };
    throw errcode === SQLITE_UNIQUE || code === SQLSTATE_UNIQUE ? taken() : error;
  }
}
