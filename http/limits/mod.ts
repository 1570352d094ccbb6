/** Every limit on a caller, in the order in which a request meets them, and what a refused one is told. */

import { AppError } from "../../errors.ts";
import { principalKey } from "../../auth/principal.ts";
import type { Principal } from "../../auth/principal.ts";
import type { ToolRate } from "../../tools/registry.ts";
import { addressKey } from "./address.ts";
import { createGate } from "./gate.ts";
import type { Release } from "./gate.ts";
import { policyOf, secondsOf, stateOf } from "./headers.ts";
import type { RefusalFacts, Standing } from "./headers.ts";
import type { Rate, RateLimits } from "./rates.ts";
import type { SharedStore } from "./shared.ts";
import { createWindowCounter } from "./window.ts";
import type { Count, Counter } from "./window.ts";

/** What a budget of its own is for: a tool, or a resource or prompt, which have no rates of their own. */
export interface Charged {
  readonly kind?: "tool" | "resource" | "prompt";
  readonly name: string;
  readonly cost: number;
  readonly rate?: ToolRate;
}

/** What a stage asks before it goes on; each throws `rate_limited` with a reason `rate_limited_<limit>`. */
export interface Limits {
  /** Before anything is known of the caller but its address. */
  admit(peer: string): Promise<void>;
  /** Takes a place for one more call of a principal. */
  enter(principal: Principal): Release;
  /** Draws on the budget of the client, then on the one it has for what is called; says how both stand. */
  charge(principal: Principal, called: Charged | undefined): Promise<Standing>;
  /** Takes a place for an answer that may stream. */
  openStream(principal: Principal): Release;
  /** Closes the connection to the shared store. */
  close(): Promise<void>;
}

export interface LimitsOptions {
  /** Where several instances count together; each counts for itself where absent. */
  readonly shared?: SharedStore | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

interface Budget {
  readonly rate: Rate;
  readonly policy: string;
  readonly counter: Counter;
}

/** Seconds until it is worth to look for a free place again. */
const PLACE_WAIT_SECONDS = 1;

/** Builds the limits of one instance. */
export function createLimits(rates: RateLimits, options: LimitsOptions = {}): Limits {
  const { shared, now } = options;
  const calls = createGate(rates.concurrent);
  const streams = createGate(rates.streams);

  function budgetOf(limit: "address" | "client" | "tool", rate: Rate, name = limit as string) {
    const local = createWindowCounter(rate, now ? { now } : {});
    const counter = shared?.counter(name, rate, local) ?? local;
    return { rate, policy: policyOf(limit, rate), counter } satisfies Budget;
  }

  const address = budgetOf("address", rates.address);
  const client = budgetOf("client", rates.client);
  const ofCalled = new Map<string, Budget>();

  /** By declared names alone, so there are as many as tools, resources and prompts. */
  function budgetOfCalled({ kind = "tool", name, rate }: Charged): Budget {
    const key = `${kind}:${name}`;
    let budget = ofCalled.get(key);
    if (budget === undefined) {
      const own = budgetOf("tool", rate ?? rates.tool, key);
      budget = { ...own, policy: `${client.policy}, ${own.policy}` };
      ofCalled.set(key, budget);
    }
    return budget;
  }

  return {
    async admit(peer) {
      const count = await address.counter.take(addressKey(peer), 1);
      if (!count.allowed) throw overBudget("address", address, count);
    },
    enter(principal) {
      const release = calls(principalKey(principal));
      if (release) return release;
      throw refused(
        { limit: "concurrent", quota: rates.concurrent, retry_after_seconds: PLACE_WAIT_SECONDS },
        `Too many calls at once: ${rates.concurrent} of yours are under way, wait until one has ended`,
      );
    },
    async charge(principal, called) {
      const key = clientKey(principal);
      const ofClient = await draw(client, key, called);
      if (!ofClient.allowed) throw overBudget("client", client, ofClient);
      const state = stateOf("client", ofClient.remaining, ofClient.resetMs);
      if (called === undefined) return { policy: client.policy, state };
      const budget = budgetOfCalled(called);
      const own = await draw(budget, key, called);
      if (!own.allowed) throw overBudget("tool", budget, own, called);
      return {
        policy: budget.policy,
        state: `${state}, ${stateOf("tool", own.remaining, own.resetMs)}`,
      };
    },
    openStream(principal) {
      const release = streams(clientKey(principal));
      if (release) return release;
      throw refused(
        { limit: "streams", quota: rates.streams, retry_after_seconds: PLACE_WAIT_SECONDS },
        `Too many open streams: this client has ${rates.streams}, read one to its end or close it`,
      );
    },
    async close() {
      await shared?.close();
    },
  };
}

/** A call that weighs more than a whole budget takes all of it, or it could never be made. */
function draw({ rate, counter }: Budget, key: string, called: Charged | undefined) {
  return counter.take(key, Math.min(called?.cost ?? 1, rate.points));
}

function clientKey(principal: Principal): string {
  return JSON.stringify([principal.issuer, principal.clientId]);
}

function overBudget(
  limit: "address" | "client" | "tool",
  { rate }: Budget,
  count: Count,
  called?: Charged,
): AppError {
  const seconds = secondsOf(count.resetMs);
  const what = limit === "address"
    ? "Too many requests from this address"
    : `Too many calls ${called === undefined ? "" : `of ${called.name} `}by this client`;
  return refused({
    limit,
    ...(called && { [called.kind ?? "tool"]: called.name }),
    quota: rate.points,
    window_seconds: rate.seconds,
    retry_after_seconds: seconds,
  }, `${what}: wait ${seconds} ${seconds === 1 ? "second" : "seconds"}`);
}

function refused(facts: RefusalFacts, message: string): AppError {
  return new AppError("rate_limited", message, {
    reason: `rate_limited_${facts.limit}`,
    details: { ...facts },
    retryAfterSeconds: facts.retry_after_seconds,
  });
}
