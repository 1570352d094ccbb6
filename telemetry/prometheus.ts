/** Counters, gauges and histograms in the memory of this process, told as Prometheus text (version 0.0.4). */

import { Counter, Gauge, Histogram, Registry } from "prom-client";

export type Labels = Readonly<Record<string, string>>;

/** A metric without its labels; the name ends in its unit, or in `_total` for a counter. */
export interface Metric {
  readonly name: string;
  readonly help: string;
}

export interface Exposition {
  /** Makes one series of a counter. Keep it: to find a series again costs more than to count. */
  counter(metric: Metric, labels: Labels): () => void;
  /** Makes one series of a histogram with these upper bounds. */
  histogram(metric: Metric, bounds: readonly number[], labels: Labels): (value: number) => void;
  /** Reads a number at each scrape; what it throws, and what is not finite, is left out of that scrape. */
  read(metric: Metric, kind: "gauge" | "counter", labels: Labels, read: () => number): void;
  readonly contentType: string;
  text(): Promise<string>;
}

/** One registry of its own, so that two servers in a process do not count for each other. */
export function createExposition(): Exposition {
  const registry = new Registry();
  const known = new Map<string, unknown>();

  /** Series of one metric share its family; the first one declares it. */
  function family<Family>(metric: Metric, make: (common: Common) => Family, labels: Labels) {
    const made = known.get(metric.name) as Family | undefined;
    if (made !== undefined) return made;
    const fresh = make({ ...metric, labelNames: Object.keys(labels), registers: [registry] });
    known.set(metric.name, fresh);
    return fresh;
  }

  return {
    counter(metric, labels) {
      // Counted here and read at a scrape: the library looks its series up by their labels each time.
      let count = 0;
      this.read(metric, "counter", labels, () => count);
      return () => void (count += 1);
    },
    histogram(metric, bounds, labels) {
      const make = (common: Common) => new Histogram({ ...common, buckets: [...bounds] });
      const histogram = family(metric, make, labels);
      // A series that is there from the start shows its first value as a rise.
      histogram.zero(labels);
      const series = histogram.labels(labels);
      return (value) => series.observe(value);
    },
    read(metric, kind, labels, read) {
      const readers = family(metric, (common) => readFamily(common, kind), labels);
      readers.push([labels, read]);
    },
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    text: () => registry.metrics(),
  };
}

interface Common extends Metric {
  readonly labelNames: string[];
  readonly registers: Registry[];
}

type Reader = readonly [Labels, () => number];

/** Returns the list of readers that the new metric asks at each scrape. */
function readFamily(common: Common, kind: "gauge" | "counter"): Reader[] {
  const readers: Reader[] = [];
  const values = () =>
    readers.flatMap(([labels, read]) => {
      const value = attempt(read);
      return value === undefined ? [] : [[labels, value] as const];
    });
  if (kind === "gauge") {
    new Gauge({
      ...common,
      collect() {
        this.reset();
        for (const [labels, value] of values()) this.set(labels, value);
      },
    });
  } else {
    new Counter({
      ...common,
      collect() {
        this.reset();
        for (const [labels, value] of values()) this.inc(labels, Math.max(0, value));
      },
    });
  }
  return readers;
}

function attempt(read: () => number): number | undefined {
  try {
    const value = read();
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
