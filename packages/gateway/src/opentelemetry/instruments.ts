import { type Attributes, type Meter, type Observable, ValueType } from "@opentelemetry/api";
import type { GatewayStats } from "../gateway-stats.ts";
import type { Figure, Label, Metric, Sample, Summary } from "../metrics/metrics.ts";

/** An instrument of OpenTelemetry, and how to read its values. */
export interface Instrument {
  readonly observable: Observable;
  samples(stats: GatewayStats): readonly (readonly [Attributes, number])[];
}

/**
 * Creates the instruments of a metric. OpenTelemetry has no observable summary, so a summary becomes two counters, `.count` and `.sum`,
 * and a gauge, `.quantile`.
 */
export function createInstruments(meter: Meter, metric: Metric): readonly Instrument[] {
  const figures = metric.kind === "summary" ? figuresOf(metric) : [metric];
  return figures.map((figure) => ({
    observable: createObservable(meter, figure),
    samples: (stats) => figure.samples(stats).map(([labels, value]) => [attributesOf(labels), value]),
  }));
}

function figuresOf({ name, unit, countUnit, description, samples }: Summary): readonly Figure[] {
  return [
    {
      kind: "counter",
      name: `${name}.count`,
      unit: countUnit,
      description: `${description} How many there were.`,
      samples: (stats) => samples(stats).map(([labels, { count }]) => [labels, count]),
    },
    {
      kind: "counter",
      name: `${name}.sum`,
      unit,
      description: `${description} The sum.`,
      samples: (stats) => samples(stats).map(([labels, { sum }]) => [labels, sum]),
    },
    {
      kind: "gauge",
      name: `${name}.quantile`,
      unit,
      description: `${description} Quantiles since the gateway was created.`,
      samples: (stats) =>
        samples(stats).flatMap(([labels, { quantiles }]) =>
          quantiles.map(([quantile, value]): Sample<number> => [{ ...labels, quantile }, value]),
        ),
    },
  ];
}

function createObservable(meter: Meter, { kind, name, unit, description }: Figure): Observable {
  const options = { unit, description, valueType: unit === "s" ? ValueType.DOUBLE : ValueType.INT };
  switch (kind) {
    case "counter":
      return meter.createObservableCounter(name, options);
    case "up_down_counter":
      return meter.createObservableUpDownCounter(name, options);
    case "gauge":
      return meter.createObservableGauge(name, options);
    default:
      return kind satisfies never;
  }
}

// Ids are named as in the spans of `withTracing`.
const ATTRIBUTES: Readonly<Record<Label, string>> = {
  workflow: "atlas.workflow_id",
  outcome: "atlas.outcome",
  source: "atlas.source_id",
  sink: "atlas.sink_id",
  quantile: "atlas.quantile",
};

function attributesOf(labels: Sample<number>[0]): Attributes {
  // Object.entries() widens the keys to string; those of a sample's labels are labels.
  const pairs = Object.entries(labels) as [Label, string][];
  return Object.fromEntries(pairs.map(([label, text]) => [ATTRIBUTES[label], text]));
}
