/** The thread of the valid caller. Each call opens a connection of its own, which is what abuse makes hard. */

import { request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { modernHeaders, modernMessage } from "./requests.ts";

export interface ProbeInput {
  readonly port: number;
  readonly token: string;
}

export interface ProbeResult {
  /** Milliseconds from the call to the last byte of its answer, sorted. */
  readonly latencies: readonly number[];
  /** Calls that were not answered with 200, by what happened. */
  readonly failures: readonly string[];
}

const INTERVAL_MS = 100;
const TIMEOUT_MS = 5000;
const TOOL = "list_environments";
const BODY = modernMessage(TOOL, { pageSize: 1 });

const { port, token } = workerData as ProbeInput;
const latencies: number[] = [];
const failures: string[] = [];
const underWay = new Set<Promise<void>>();
const timer = setInterval(begin, INTERVAL_MS);
begin();

parentPort?.once("message", async () => {
  clearInterval(timer);
  await Promise.all(underWay);
  latencies.sort((a, b) => a - b);
  parentPort?.postMessage({ latencies, failures } satisfies ProbeResult);
});

function begin(): void {
  const call = measure().finally(() => underWay.delete(call));
  underWay.add(call);
}

async function measure(): Promise<void> {
  const start = performance.now();
  const outcome = await callOnce();
  if (outcome === "200") latencies.push(performance.now() - start);
  else failures.push(outcome);
}

function callOnce(): Promise<string> {
  return new Promise((resolve) => {
    const call = request({
      port,
      host: "127.0.0.1",
      path: "/mcp",
      method: "POST",
      agent: false,
      timeout: TIMEOUT_MS,
      headers: {
        "host": `localhost:${port}`,
        "authorization": `Bearer ${token}`,
        "content-type": "application/json",
        ...modernHeaders(TOOL),
      },
    }, (answer) => {
      answer.on("end", () => resolve(String(answer.statusCode)));
      answer.on("error", (error) => resolve(error.message));
      answer.resume();
    });
    call.on("timeout", () => call.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    call.on("error", (error) => resolve(error.message));
    call.end(BODY);
  });
}
