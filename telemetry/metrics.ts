/** What is measured of the running server: as Prometheus text for the operator, and gauges through OpenTelemetry too. */

import { metrics as otel } from "@opentelemetry/api";
import { methodLabel } from "./methods.ts";
import { createExposition } from "./prometheus.ts";
import type { Labels } from "./prometheus.ts";
import { observeProcess, observeSources } from "./sources.ts";
import type { MetricSources, Observe, Observed } from "./sources.ts";

export type { MetricSources, Observe, Observed } from "./sources.ts";

/** Something that there is more or less of at a time. */
export interface Level {
  up(): void;
  down(): void;
}

/** What is counted of one request, when its record is made. */
export interface RequestMeasure {
  readonly decision: "allow" | "deny" | "fail";
  readonly reason: string;
  readonly era?: string | undefined;
  readonly method?: string | undefined;
  readonly tool?: string | undefined;
  readonly seconds: number;
}

/** How the check of an access token ended; `unavailable` where nobody could tell. */
export type Verification = "cached" | "verified" | "refused" | "unavailable";

export interface Metrics {
  request(measure: RequestMeasure): void;
  /** A tool's handler ended; `error` is the code of a failure. */
  toolRan(tool: string, seconds: number, error?: string): void;
  tokenChecked(result: Verification): void;
  /** Requests under way, streams included. */
  readonly calls: Level;
  /** Answers that are still being streamed. */
  readonly streams: Level;
  readonly observe: Observe;
  readonly contentType: string;
  text(): string;
}

export interface MetricsOptions {
  readonly version: string;
  /** The only names that become a `tool` label. */
  readonly tools: readonly string[];
  /** The only names that become a `limit` label. */
  readonly limits: readonly string[];
  readonly sources?: MetricSources;
}

const METER = "gatehouse";
const REQUEST_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const TOOL_BOUNDS = [...REQUEST_BOUNDS, 60, 120];
/** Reasons are our own words, fewer than this; the bound is for the mistake that makes one of a stranger's text. */
const MAX_REASONS = 200;

/** Builds the metrics of one server. */
export function createMetrics(options: MetricsOptions): Metrics {
  const exposition = createExposition();
  const tools = new Set(options.tools);
  const limits = new Set(options.limits);
  const reasons = new Set<string>();
  const toolLabel = (tool: string) => tools.has(tool) ? tool : "unknown";
  const reasonLabel = (reason: string) => {
    if (reasons.size < MAX_REASONS) reasons.add(reason);
    return reasons.has(reason) ? reason : "other";
  };

  const requests = kept((decision) =>
    kept((era) =>
      kept((tool) =>
        kept((method) =>
          exposition.counter({
            name: "gatehouse_requests_total",
            help:
              "Requests by what was decided; era, tool and method are none where there was none.",
          }, { decision, era, tool, method })
        )
      )
    )
  );
  const durations = kept((era) =>
    kept((method) =>
      exposition.histogram(
        {
          name: "gatehouse_request_duration_seconds",
          help: "Time from the arrival of a request to the end of its answer.",
        },
        REQUEST_BOUNDS,
        { era, method },
      )
    )
  );
  const refusals = kept((reason) =>
    exposition.counter({
      name: "gatehouse_refusals_total",
      help:
        "Requests that were refused or failed, and tool calls that ended in an error, by reason.",
    }, { reason })
  );
  const limited = kept((limit) =>
    exposition.counter({
      name: "gatehouse_rate_limited_total",
      help: "Requests refused by a limit.",
    }, { limit })
  );
  const toolDurations = kept((tool) =>
    exposition.histogram(
      { name: "gatehouse_tool_duration_seconds", help: "Time that the handler of a tool took." },
      TOOL_BOUNDS,
      { tool },
    )
  );
  const toolErrors = kept((tool) =>
    kept((code) =>
      exposition.counter({
        name: "gatehouse_tool_errors_total",
        help: "Tool calls whose handler failed, by the code that the caller got.",
      }, { tool, code })
    )
  );
  const checks = kept((result) =>
    exposition.counter({
      name: "gatehouse_token_verifications_total",
      help: "Access tokens that were checked, by how that ended.",
    }, { result })
  );

  /** Tells both sides of the same number. */
  function observe(what: Observed, attributes: Labels, read: () => number): void {
    const meter = otel.getMeter(METER);
    const details = { description: what.description, unit: what.unit };
    const instrument = what.monotonic
      ? meter.createObservableCounter(what.name, details)
      : meter.createObservableGauge(what.name, details);
    instrument.addCallback((result) => result.observe(read(), attributes));
    const metric = { name: prometheusName(what), help: `${what.description}.` };
    exposition.read(metric, what.monotonic ? "counter" : "gauge", attributes, read);
  }

  const level = (what: Observed): Level => {
    let height = 0;
    observe(what, {}, () => height);
    return { up: () => void (height += 1), down: () => void (height -= 1) };
  };

  observeProcess(observe, options.version);
  observeSources(observe, options.sources ?? {});
  for (const result of ["cached", "verified", "refused", "unavailable"]) checks(result);
  for (const limit of limits) limited(limit);
  for (const tool of tools) toolDurations(tool);

  return {
    request({ decision, reason, era = "none", method, tool, seconds }) {
      const called = tool === undefined ? "none" : toolLabel(tool);
      const asked = methodLabel(method);
      requests(decision)(era)(called)(asked)();
      durations(era)(asked)(seconds);
      if (decision === "allow" && reason === "ok") return;
      refusals(reasonLabel(reason))();
      if (!reason.startsWith(LIMIT_REASON)) return;
      const limit = reason.slice(LIMIT_REASON.length);
      limited(limits.has(limit) ? limit : "other")();
    },
    toolRan(tool, seconds, error) {
      const label = toolLabel(tool);
      toolDurations(label)(seconds);
      if (error !== undefined) toolErrors(label)(error)();
    },
    tokenChecked: (result) => checks(result)(),
    calls: level({
      name: "gatehouse.requests.in_flight",
      description: "Requests under way, streamed answers included",
      unit: "1",
    }),
    streams: level({
      name: "gatehouse.streams.open",
      description: "Answers that are being streamed",
      unit: "1",
    }),
    observe,
    contentType: exposition.contentType,
    text: () => exposition.text(),
  };
}

/** The start of every reason that a limit gives. */
const LIMIT_REASON = "rate_limited_";

/** Makes each series once, and finds it by one label after the other; whoever asks bounds the values. */
function kept<Series>(make: (key: string) => Series): (key: string) => Series {
  const made = new Map<string, Series>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(key);
    made.set(key, fresh);
    return fresh;
  };
}

/** The mapping that OpenTelemetry gives for Prometheus: dots become underscores, the unit becomes a suffix. */
function prometheusName({ name, unit, monotonic }: Observed): string {
  const suffix = { s: "_seconds", By: "_bytes", "1": "" }[unit];
  return name.replaceAll(".", "_") + suffix + (monotonic ? "_total" : "");
}
