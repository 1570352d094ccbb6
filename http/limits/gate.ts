/** Bounds what a key may have at once: calls under way, streams that are open. */

/** Gives a place back; twice does nothing. */
export type Release = () => void;

/** Takes a place for a key; undefined where none is free. */
export type Gate = (key: string) => Release | undefined;

/** Builds a gate with so many places for each key; a key without a taken place is not in memory. */
export function createGate(places: number): Gate {
  const taken = new Map<string, number>();
  return (key) => {
    const before = taken.get(key) ?? 0;
    if (before >= places) return undefined;
    taken.set(key, before + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = taken.get(key)! - 1;
      if (left === 0) taken.delete(key);
      else taken.set(key, left);
    };
  };
}
