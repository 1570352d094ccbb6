/** A collector of OpenTelemetry data over HTTP with JSON bodies, which keeps all that it is sent. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

export interface Collector {
  /** What makes a Deno process send everything here, soon. */
  readonly env: Readonly<Record<string, string>>;
  readonly spans: readonly CollectedSpan[];
  /** Every body of traces, metrics and logs, as it came. */
  readonly bodies: readonly string[];
  stop(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  const http = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => body += text);
    request.on("end", () => {
      bodies.push(body);
      if (request.url?.endsWith("/v1/traces")) spans.push(...spansIn(body));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_BLRP_SCHEDULE_DELAY: "100",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    },
    spans,
    bodies,
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

function spansIn(body: string): CollectedSpan[] {
  // deno-lint-ignore no-explicit-any -- the shape is OpenTelemetry's
  const { resourceSpans } = JSON.parse(body) as any;
  // deno-lint-ignore no-explicit-any -- as above
  return resourceSpans.flatMap(({ scopeSpans }: any) => scopeSpans)
    // deno-lint-ignore no-explicit-any -- as above
    .flatMap(({ spans }: any) => spans).map((span: any) => ({
      name: span.name,
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId ?? "",
      kind: span.kind,
      failed: span.status?.code === 2,
      attributes: Object.fromEntries(
        (span.attributes ?? []).map(({ key, value }: Attribute) => [key, Object.values(value)[0]]),
      ),
      links: span.links ?? [],
    }));
}
