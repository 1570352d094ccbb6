/** Plays one scenario against a fresh server, and says what came of it in numbers. */

import { startProbe } from "./probe.ts";
import { callTool } from "./requests.ts";
import type { Scenario } from "./scenarios.ts";
import { startTarget } from "./target.ts";
import type { Target, TargetOptions } from "./target.ts";

export interface Measurement {
  /** What the abusers were answered. */
  readonly answers: string;
  /** Milliseconds that each valid call took while the abuse went on, sorted. */
  readonly latencies: readonly number[];
  /** Valid calls that were not answered with 200. */
  readonly failures: readonly string[];
  /** Resident memory of the server in MB. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  /** Abusers' connections that were ended from the other side. */
  readonly closed: number;
  /** How long the last connection stayed after the abusers had gone; undefined where that was too long. */
  readonly goneMs: number | undefined;
  /** Errors in the server's log. */
  readonly errors: readonly string[];
}

export interface MeasureOptions extends Pick<TargetOptions, "runtime" | "through"> {
  /** How long the abuse goes on after its last answer. */
  readonly holdMs: number;
  readonly maxGoneMs: number;
}

const OPEN_FILES = 20_000;
const WARM_UP_CALLS = 50;
const SETTLE_MS = 500;

/** Throws where the server does not start, does not answer when the abuse is over, or does not end cleanly. */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<Measurement> {
  const { openFiles = OPEN_FILES } = scenario;
  const { runtime, through } = options;
  const target = await startTarget({ runtime, openFiles, through });
  try {
    return await play(scenario, options, target);
  } finally {
    await target.stop();
  }
}

async function play(
  scenario: Scenario,
  { holdMs, maxGoneMs }: MeasureOptions,
  target: Target,
): Promise<Measurement> {
  const { port, issuer } = target;
  const name = "valid-caller";
  const valid = { port, token: await issuer.token({ claims: { client_id: name, sub: name } }) };
  const callOnce = () => callTool(valid, "list_environments", {});
  for (let call = 0; call < WARM_UP_CALLS; call += 1) await callOnce();
  const before = target.memory().now;

  const probe = startProbe(valid);
  const connections = await scenario.begin({ target, port, token: await issuer.token() });
  await connections.answered(scenario.answersMs ?? 0);
  await sleep(holdMs);
  const { latencies, failures } = await probe.stop();
  const answers = connections.statuses();
  const closed = connections.closed();

  connections.end();
  const goneMs = await untilGone(target, maxGoneMs);
  await sleep(SETTLE_MS);
  await callOnce();
  const { now: after, peak } = target.memory();
  const errors = target.errors();
  return { answers, latencies, failures, memory: { before, peak, after }, closed, goneMs, errors };
}

async function untilGone(target: Target, maxMs: number): Promise<number | undefined> {
  const start = Date.now();
  while (target.connections() > 0) {
    if (Date.now() - start > maxMs) return undefined;
    await sleep(10);
  }
  return Date.now() - start;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
