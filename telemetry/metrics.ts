/** Numbers about the running server, through the OpenTelemetry API: nothing is kept where nobody collects them. */

import { metrics } from "@opentelemetry/api";

const METER = "gatehouse";

export interface Gauge {
  readonly name: string;
  readonly description: string;
  /** UCUM, such as `s`. */
  readonly unit: string;
}

/** Reports a number each time it is collected; attribute values come from configuration, so that they are few. */
export function observe(
  gauge: Gauge,
  attributes: Readonly<Record<string, string>>,
  read: () => number,
): void {
  metrics.getMeter(METER)
    .createObservableGauge(gauge.name, { description: gauge.description, unit: gauge.unit })
    .addCallback((result) => result.observe(read(), attributes));
}
