import type { GatewayStats } from "../gateway-stats.ts";
import { gatewayMetrics, type Metric, type Sample, type SummaryValue, type Unit } from "./metrics.ts";

/**
 * The figures of a gateway in the text format of Prometheus, version 0.0.4. Serve it as `text/plain; version=0.0.4`. Names begin with
 * `atlas_`; times are in seconds, as Prometheus has them.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({ database: ":memory:", workflows: [{ id: "hello.v1", run: async () => undefined }] });
 * const text = toPrometheus(await gateway.stats());
 * assert.match(text, /^atlas_jobs_ready\{workflow="hello.v1"\} 0$/m);
 * await gateway.stop();
 * ```
 */
export function toPrometheus(stats: GatewayStats): string {
  return gatewayMetrics.map((metric) => page(metric, stats)).join("");
}

/** A metric without a sample is left out. */
function page(metric: Metric, stats: GatewayStats): string {
  const name = nameOf(metric);
  const lines =
    metric.kind === "summary"
      ? metric.samples(stats).flatMap((sample) => summaryLines(name, sample))
      : metric.samples(stats).map((sample) => line(name, sample));
  if (lines.length === 0) return "";
  return `# HELP ${name} ${metric.description}\n# TYPE ${name} ${TYPES[metric.kind]}\n${lines.join("")}`;
}

const TYPES: Readonly<Record<Metric["kind"], "gauge" | "counter" | "summary">> = {
  counter: "counter",
  gauge: "gauge",
  up_down_counter: "gauge",
  summary: "summary",
};

/** As OpenTelemetry translates names for Prometheus, so both ways lead to the same name. */
function nameOf({ kind, name, unit }: Metric): string {
  return `${name.replaceAll(".", "_")}${suffixOf(unit)}${kind === "counter" ? "_total" : ""}`;
}

function suffixOf(unit: Unit): string {
  if (unit === "s") return "_seconds";
  return unit === "By" ? "_bytes" : "";
}

function summaryLines(
  name: string,
  [labels, { count, sum, quantiles }]: Sample<SummaryValue>,
): readonly string[] {
  return [
    ...quantiles.map(([quantile, value]) => line(name, [{ ...labels, quantile }, value])),
    line(`${name}_sum`, [labels, sum]),
    line(`${name}_count`, [labels, count]),
  ];
}

function line(name: string, [labels, value]: Sample<number>): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
