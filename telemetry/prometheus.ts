/**
 * Counters, gauges and histograms in the memory of this process, told as Prometheus text (version 0.0.4).
 *
 * The format's usual library cannot be used: `deno compile` (2.9.6) overflows its stack on a cycle in what it pulls in.
 */

export type Labels = Readonly<Record<string, string>>;

/** A metric without its labels; the name ends in its unit, or in `_total` for a counter. */
export interface Metric {
  readonly name: string;
  readonly help: string;
}

export interface Exposition {
  /** Makes one series of a counter. Keep it: to find a series again costs more than to count. */
  counter(metric: Metric, labels: Labels): () => void;
  /** Makes one series of a histogram with these upper bounds, which rise. */
  histogram(metric: Metric, bounds: readonly number[], labels: Labels): (value: number) => void;
  /** Reads a number at each scrape; what it throws, and what is not finite, is left out of that scrape. */
  read(metric: Metric, kind: "gauge" | "counter", labels: Labels, read: () => number): void;
  readonly contentType: string;
  text(): string;
}

type Kind = "counter" | "gauge" | "histogram";

interface Family {
  readonly help: string;
  readonly kind: Kind;
  /** Each returns the lines of one series. */
  readonly series: (() => string)[];
}

/** One registry of its own, so that two servers in a process do not count for each other. */
export function createExposition(): Exposition {
  const families = new Map<string, Family>();

  /** Series of one metric share its family; the first one declares it. */
  function add({ name, help }: Metric, kind: Kind, lines: () => string): void {
    const family = families.get(name) ?? { help, kind, series: [] };
    families.set(name, family);
    family.series.push(lines);
  }

  const exposition: Exposition = {
    counter(metric, labels) {
      let count = 0;
      exposition.read(metric, "counter", labels, () => count);
      return () => void (count += 1);
    },
    histogram(metric, bounds, labels) {
      const counts = new Array<number>(bounds.length + 1).fill(0);
      let sum = 0;
      add(metric, "histogram", () => histogramLines(metric.name, labels, { bounds, counts, sum }));
      return (value) => {
        const at = bounds.findIndex((bound) => value <= bound);
        counts[at === -1 ? bounds.length : at]! += 1;
        sum += value;
      };
    },
    read(metric, kind, labels, read) {
      const series = metric.name + labelText(labels);
      add(metric, kind, () => {
        const value = attempt(read);
        return value === undefined ? "" : `${series} ${value}\n`;
      });
    },
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    text: () =>
      [...families].map(([name, { help, kind, series }]) =>
        `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind}\n` +
        series.map((lines) => lines()).join("")
      ).join("\n"),
  };
  return exposition;
}

interface Distribution {
  readonly bounds: readonly number[];
  /** One more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Buckets are cumulative. */
function histogramLines(
  name: string,
  labels: Labels,
  { bounds, counts, sum }: Distribution,
): string {
  let total = 0;
  const buckets = counts.map((count, at) => {
    total += count;
    const le = at === bounds.length ? "+Inf" : String(bounds[at]);
    return `${name}_bucket${labelText({ le, ...labels })} ${total}\n`;
  });
  const own = labelText(labels);
  return `${buckets.join("")}${name}_sum${own} ${sum}\n${name}_count${own} ${total}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function attempt(read: () => number): number | undefined {
  try {
    const value = read();
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
