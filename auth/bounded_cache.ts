/** A map that forgets: entries end at their time, and the least recently used ones go when it is full. */

export interface BoundedCache<T> {
  /** Times in seconds since the epoch. */
  get(key: string, now: number): T | undefined;
  set(key: string, value: T, expiresAt: number): void;
  delete(key: string): void;
  deleteWhere(condition: (value: T) => boolean): void;
  readonly size: number;
}

export function createBoundedCache<T>(maxEntries: number): BoundedCache<T> {
  const entries = new Map<string, { readonly value: T; readonly expiresAt: number }>();
  return {
    get(key, now) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (now >= entry.expiresAt) return undefined;
      // A map keeps the order of insertion, so the first key is the one that was not used for longest.
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, expiresAt) {
      entries.delete(key);
      entries.set(key, { value, expiresAt });
      if (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
    },
    delete(key) {
      entries.delete(key);
    },
    deleteWhere(condition) {
      for (const [key, { value }] of entries) if (condition(value)) entries.delete(key);
    },
    get size() {
      return entries.size;
    },
  };
}
