/** The valid caller: a tool call every 100 ms from a thread of its own, so that the abuse does not slow the clock. */

import { Worker } from "node:worker_threads";
import type { ProbeInput, ProbeResult } from "./probe_worker.ts";

export interface Probe {
  /** Ends the calls, waits for those under way, and says how long they took. */
  stop(): Promise<ProbeResult>;
}

/** Starts to call. */
export function startProbe(input: ProbeInput): Probe {
  const worker = new Worker(new URL("./probe_worker.ts", import.meta.url), { workerData: input });
  const result = new Promise<ProbeResult>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return {
    async stop() {
      worker.postMessage("stop");
      const outcome = await result;
      await worker.terminate();
      return outcome;
    },
  };
}
