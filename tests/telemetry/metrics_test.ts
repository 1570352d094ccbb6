import { metrics } from "@opentelemetry/api";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { observe } from "../../telemetry/metrics.ts";

test("observe() reports what it reads each time it is collected", () => {
  const seen: unknown[] = [];
  const callbacks: ((result: unknown) => void)[] = [];
  const gauge = { addCallback: (callback: (result: unknown) => void) => callbacks.push(callback) };
  metrics.setGlobalMeterProvider({
    getMeter: (name: string) => ({
      createObservableGauge(...args: unknown[]) {
        seen.push([name, ...args]);
        return gauge;
      },
    }),
  } as never);
  let value = 1;
  observe({ name: "g", description: "d", unit: "s" }, { issuer: "a" }, () => value);
  const collect = () =>
    callbacks.forEach((callback) => callback({ observe: (...args: unknown[]) => seen.push(args) }));
  collect();
  value = 2;
  collect();
  metrics.disable();
  assertEquals(seen, [
    ["gatehouse", "g", { description: "d", unit: "s" }],
    [1, { issuer: "a" }],
    [2, { issuer: "a" }],
  ]);
});
