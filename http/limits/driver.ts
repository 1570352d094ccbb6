/** What the store of a shared budget has to bring. */

import type { Rate } from "./rates.ts";
import type { Count } from "./window.ts";

/** The part of a store that a driver brings. */
export interface StoreDriver {
  /** Resolves once the store can be asked. */
  connect(): Promise<void>;
  /** Draws points; throws where the store does not answer in time. */
  counter(name: string, rate: Rate): (key: string, points: number) => Promise<Drawn>;
  close(): Promise<void>;
}

export type Drawn = Omit<Count, "crowded">;
