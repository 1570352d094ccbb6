import { metrics as otel } from "@opentelemetry/api";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import { createMetrics } from "../../telemetry/metrics.ts";
import type { MetricSources } from "../../telemetry/metrics.ts";
import { parseExposition, valueOf } from "../support/exposition.ts";

const OPTIONS = {
  version: "1.2.3",
  tools: ["add", "purge"],
  limits: ["address", "client"],
};

const read = async (metrics: ReturnType<typeof createMetrics>) =>
  parseExposition(await metrics.text());

test("createMetrics() counts requests by what was decided about them", async () => {
  const metrics = createMetrics(OPTIONS);
  const call = { era: "modern", method: "tools/call", tool: "add" } as const;
  metrics.request({ ...call, decision: "allow", reason: "ok", seconds: 0.002 });
  metrics.request({ ...call, decision: "allow", reason: "ok", seconds: 0.2 });
  metrics.request({ ...call, decision: "deny", reason: "insufficient_scope", seconds: 0.001 });
  metrics.request({ decision: "deny", reason: "rate_limited_client", seconds: 0.001 });
  const families = await read(metrics);
  const labels = { era: "modern", method: "tools/call", tool: "add" };
  assertEquals(valueOf(families, "gatehouse_requests_total", { ...labels, decision: "allow" }), 2);
  assertEquals(valueOf(families, "gatehouse_requests_total", { ...labels, decision: "deny" }), 1);
  const series = { era: "modern", method: "tools/call" };
  assertEquals(valueOf(families, "gatehouse_request_duration_seconds_count", series), 3);
  const under = (le: string) =>
    valueOf(families, "gatehouse_request_duration_seconds_bucket", { ...series, le });
  assertEquals([under("0.001"), under("0.0025"), under("+Inf")], [1, 2, 3]);
  assertEquals(valueOf(families, "gatehouse_rate_limited_total", { limit: "client" }), 1);
  assertEquals(valueOf(families, "gatehouse_rate_limited_total", { limit: "address" }), 0);
  const refused = (reason: string) => valueOf(families, "gatehouse_refusals_total", { reason });
  assertEquals([refused("insufficient_scope"), refused("rate_limited_client")], [1, 1]);
  assertEquals(refused("ok"), undefined);
});

test("createMetrics() says how tools and token checks went, from zero on", async () => {
  const metrics = createMetrics(OPTIONS);
  metrics.toolRan("add", 0.01);
  metrics.toolRan("add", 0.02, "not_found");
  metrics.tokenChecked("refused");
  const families = await read(metrics);
  assertEquals(valueOf(families, "gatehouse_tool_duration_seconds_count", { tool: "add" }), 2);
  assertEquals(valueOf(families, "gatehouse_tool_duration_seconds_count", { tool: "purge" }), 0);
  const error = { tool: "add", code: "not_found" };
  assertEquals(valueOf(families, "gatehouse_tool_errors_total", error), 1);
  const checked = (result: string) =>
    valueOf(families, "gatehouse_token_verifications_total", { result });
  assertEquals([checked("refused"), checked("cached"), checked("verified")], [1, 0, 0]);
});

test("createMetrics() has levels, and facts about the process", async () => {
  const metrics = createMetrics(OPTIONS);
  metrics.calls.up();
  metrics.calls.up();
  metrics.calls.down();
  metrics.streams.up();
  const families = await read(metrics);
  assertEquals(valueOf(families, "gatehouse_requests_in_flight"), 1);
  assertEquals(valueOf(families, "gatehouse_streams_open"), 1);
  const [build] = families.get("gatehouse_build_info")!.samples;
  assertEquals(build?.labels["version"], "1.2.3");
  const started = valueOf(families, "gatehouse_process_start_time_seconds")!;
  assert(started > 1.7e9 && started <= Date.now() / 1000);
  assert(valueOf(families, "gatehouse_process_resident_memory_bytes")! > 1e6);
});

test("createMetrics() reads the audit trail and the revocations where it is given them", async () => {
  let writable = true;
  const sources: MetricSources = {
    audit: { written: () => 7, waiting: () => 2, failedFlushes: () => 1, writable: () => writable },
    revocations: { inForce: () => 3, lagSeconds: () => 0.5 },
  };
  const metrics = createMetrics({ ...OPTIONS, sources });
  const families = await read(metrics);
  assertEquals(valueOf(families, "gatehouse_audit_records_written_total"), 7);
  assertEquals(valueOf(families, "gatehouse_audit_flushes_failed_total"), 1);
  assertEquals(valueOf(families, "gatehouse_audit_records_waiting"), 2);
  assertEquals(valueOf(families, "gatehouse_audit_writable"), 1);
  assertEquals(valueOf(families, "gatehouse_revocations_in_force"), 3);
  assertEquals(valueOf(families, "gatehouse_revocations_lag_seconds"), 0.5);
  writable = false;
  assertEquals(valueOf(await read(metrics), "gatehouse_audit_writable"), 0);
  assertFalse((await read(createMetrics(OPTIONS))).has("gatehouse_audit_writable"));
});

test("createMetrics() makes no series of what strangers invent (H234)", async () => {
  const metrics = createMetrics(OPTIONS);
  for (let at = 0; at < 5000; at += 1) {
    metrics.request({
      decision: "deny",
      reason: `invented_${at}`,
      era: "modern",
      method: `tools/call\u0000${at}`,
      tool: `tool "${at}\n`,
      seconds: 0.001,
    });
    metrics.request({ decision: "deny", reason: `rate_limited_${at}`, seconds: 0.001 });
    metrics.toolRan(`tool_${at}`, 0.001);
  }
  const text = await metrics.text();
  const families = parseExposition(text);
  const labels = { decision: "deny", era: "modern", tool: "unknown", method: "other" };
  assertEquals(valueOf(families, "gatehouse_requests_total", labels), 5000);
  assertEquals(valueOf(families, "gatehouse_rate_limited_total", { limit: "other" }), 5000);
  assertEquals(families.get("gatehouse_requests_total")!.samples.length, 2);
  assertEquals(
    valueOf(families, "gatehouse_tool_duration_seconds_count", { tool: "unknown" }),
    5000,
  );
  assertLess(text.split("\n").length, 500);
});

test("createMetrics() leaves out a number that cannot be read, and only that", async () => {
  const metrics = createMetrics(OPTIONS);
  const what = { name: "gatehouse.probe", description: "A number of a test", unit: "s" } as const;
  metrics.observe(what, { issuer: 'https://a.example/"\\\n' }, () => 1.5);
  metrics.observe(what, { issuer: "b" }, () => NaN);
  metrics.observe(what, { issuer: "c" }, () => {
    throw new Error("no");
  });
  const families = await read(metrics);
  assertEquals(families.get("gatehouse_probe_seconds")!.samples, [
    {
      name: "gatehouse_probe_seconds",
      labels: { issuer: 'https://a.example/\\"\\\\\\n' },
      value: 1.5,
    },
  ]);
  assertEquals(valueOf(families, "gatehouse_requests_in_flight"), 0);
});

test("two servers in one process do not count for each other", async () => {
  const [one, other] = [createMetrics(OPTIONS), createMetrics(OPTIONS)];
  one.calls.up();
  assertEquals(valueOf(await read(other), "gatehouse_requests_in_flight"), 0);
});

test("observe() tells OpenTelemetry the same number", async () => {
  const seen: unknown[] = [];
  const callbacks: ((result: unknown) => void)[] = [];
  const gauge = { addCallback: (callback: (result: unknown) => void) => callbacks.push(callback) };
  otel.setGlobalMeterProvider({
    getMeter: () => ({
      createObservableGauge(...args: unknown[]) {
        if (args[0] === "gatehouse.jwks.stale") seen.push(args);
        return gauge;
      },
    }),
  } as never);
  try {
    const metrics = createMetrics(OPTIONS);
    callbacks.length = 0;
    let value = 1;
    metrics.observe(
      { name: "gatehouse.jwks.stale", description: "How old keys are", unit: "s" },
      { issuer: "a" },
      () => value,
    );
    const collect = () =>
      callbacks.forEach((tell) => tell({ observe: (...args: unknown[]) => seen.push(args) }));
    collect();
    value = 2;
    collect();
    assertEquals(seen, [
      ["gatehouse.jwks.stale", { description: "How old keys are", unit: "s" }],
      [1, { issuer: "a" }],
      [2, { issuer: "a" }],
    ]);
    const series = valueOf(await read(metrics), "gatehouse_jwks_stale_seconds", { issuer: "a" });
    assertEquals(series, 2);
  } finally {
    otel.disable();
  }
});
