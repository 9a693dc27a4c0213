import type { Durations } from "@atlas/plugins";
import type { GatewayStats, SinkStats, SourceStats, WorkflowStats } from "../gateway-stats.ts";

/** A metric of a gateway, whatever the format that it is written in. */
export type Metric = Figure | Summary;

/** A metric with one number for each set of labels. An `up_down_counter` is a gauge that can be summed over its labels. */
export interface Figure extends MetricHead {
  readonly kind: "counter" | "gauge" | "up_down_counter";
  samples(stats: GatewayStats): readonly Sample<number>[];
}

/** A metric that says how durations are distributed, in seconds. */
export interface Summary extends MetricHead {
  readonly kind: "summary";
  /** The unit of what was counted, such as `{job}`. */
  readonly countUnit: Unit;
  samples(stats: GatewayStats): readonly Sample<SummaryValue>[];
}

interface MetricHead {
  /** By OpenTelemetry's conventions: dots between namespaces, no unit, and no name is the namespace of another. */
  readonly name: string;
  readonly unit: Unit;
  readonly description: string;
}

/** Of the Unified Code for Units of Measure: seconds, bytes, or in braces what is counted. */
export type Unit = "s" | "By" | `{${string}}`;

export type Label = "workflow" | "outcome" | "source" | "sink" | "quantile";

export type Sample<Value> = readonly [labels: Readonly<Partial<Record<Label, string>>>, value: Value];

export interface SummaryValue {
  readonly count: number;
  readonly sum: number;
  /** None before the first duration. */
  readonly quantiles: readonly (readonly [quantile: string, value: number])[];
}

/** Every metric of a gateway, in the order in which they are written. */
export const gatewayMetrics: readonly Metric[] = [
  {
    kind: "up_down_counter",
    name: "atlas.jobs.ready",
    unit: "{job}",
    description: "Jobs that are due and wait to begin.",
    samples: ofWorkflows((of) => of.readyJobs),
  },
  {
    kind: "up_down_counter",
    name: "atlas.jobs.delayed",
    unit: "{job}",
    description: "Queued jobs that are due later.",
    samples: ofWorkflows((of) => of.delayedJobs),
  },
  {
    kind: "gauge",
    name: "atlas.jobs.oldest_ready",
    unit: "s",
    description: "How long the oldest ready job has been due.",
    samples: ofWorkflows((of) => of.oldestReadyMs / 1_000),
  },
  {
    kind: "up_down_counter",
    // Not "atlas.attempts.running": "atlas.attempts" would be both a name and a namespace.
    name: "atlas.attempts_running",
    unit: "{attempt}",
    description: "Attempts that run.",
    samples: ofWorkflows((of) => of.runningAttempts),
  },
  {
    kind: "counter",
    name: "atlas.attempts",
    unit: "{attempt}",
    description: "Attempts that ended, by outcome.",
    samples: (stats) => [
      ...attempts(stats, "succeeded", (of) => of.succeededAttemptsTotal),
      ...attempts(stats, "failed", (of) => of.failedAttemptsTotal),
      ...attempts(stats, "parked", (of) => of.parkedAttemptsTotal),
      ...attempts(stats, "interrupted", (of) => of.interruptedAttemptsTotal),
    ],
  },
  {
    kind: "counter",
    name: "atlas.jobs.failed",
    unit: "{job}",
    description: "Jobs that failed for good.",
    samples: ofWorkflows((of) => of.failedJobsTotal),
  },
  {
    kind: "gauge",
    name: "atlas.workflow.paused",
    unit: "{workflow}",
    description: "1 when the workflow is paused.",
    samples: ofWorkflows((of) => Number(of.isPaused)),
  },
  {
    kind: "summary",
    name: "atlas.job.wait",
    unit: "s",
    countUnit: "{job}",
    description: "From when a job was due to its first attempt.",
    samples: ofWorkflows((of) => summaryOf(of.wait)),
  },
  {
    kind: "summary",
    name: "atlas.attempt.run",
    unit: "s",
    countUnit: "{attempt}",
    description: "From the claim of an attempt to its end.",
    samples: ofWorkflows((of) => summaryOf(of.run)),
  },
  {
    kind: "gauge",
    name: "atlas.source.failures",
    unit: "{failure}",
    description: "Failed syncs in a row.",
    samples: ofSources((of) => of.failuresInARow),
  },
  {
    kind: "gauge",
    name: "atlas.source.paused",
    unit: "{source}",
    description: "1 when the source is paused.",
    samples: ofSources((of) => Number(of.isPaused)),
  },
  {
    kind: "gauge",
    name: "atlas.source.last_sync_age",
    unit: "s",
    description: "How long ago the last sync succeeded.",
    samples: ({ sources }) =>
      sources.flatMap(({ source_id, sinceLastSyncMs: ms }): readonly Sample<number>[] =>
        ms === undefined ? [] : [[{ source: source_id }, ms / 1_000]],
      ),
  },
  {
    kind: "gauge",
    name: "atlas.sink.lag_events",
    unit: "{event}",
    description: "Events that the sink has not passed.",
    samples: ofSinks((of) => of.lagEvents),
  },
  {
    kind: "gauge",
    name: "atlas.sink.lag",
    unit: "s",
    description: "Age of the oldest event that the sink has not passed.",
    samples: ofSinks((of) => of.lagMs / 1_000),
  },
  {
    kind: "up_down_counter",
    name: "atlas.sink.retrying_events",
    unit: "{event}",
    description: "Failed deliveries that are retried.",
    samples: ofSinks((of) => of.retryingEvents),
  },
  {
    kind: "up_down_counter",
    name: "atlas.sink.dead_events",
    unit: "{event}",
    description: "Dead letters.",
    samples: ofSinks((of) => of.deadEvents),
  },
  {
    kind: "gauge",
    name: "atlas.sink.failures",
    unit: "{failure}",
    description: "Failed calls in a row.",
    samples: ofSinks((of) => of.failuresInARow),
  },
  {
    kind: "gauge",
    name: "atlas.sink.paused",
    unit: "{sink}",
    description: "1 when the sink is paused.",
    samples: ofSinks((of) => Number(of.isPaused)),
  },
  {
    kind: "up_down_counter",
    name: "atlas.store.queue_commands",
    unit: "{command}",
    description: "Commands that wait for a commit.",
    samples: ({ store }) => [[{}, store.queue.commands]],
  },
  {
    kind: "up_down_counter",
    name: "atlas.store.database",
    unit: "By",
    description: "Size of the database.",
    samples: ({ store }) => [[{}, store.databaseBytes]],
  },
  {
    kind: "up_down_counter",
    name: "atlas.store.wal",
    unit: "By",
    description: "Size of the write-ahead log.",
    samples: ({ store }) => [[{}, store.walBytes]],
  },
  {
    kind: "gauge",
    name: "atlas.backup.failures",
    unit: "{failure}",
    description: "Failed backups in a row.",
    samples: ({ backups }) => (backups === undefined ? [] : [[{}, backups.failuresInARow]]),
  },
  {
    kind: "gauge",
    name: "atlas.backup.age",
    unit: "s",
    description: "How long ago the newest backup was made.",
    samples: ({ backups: { sinceLastMs: ms } = {} }) => (ms === undefined ? [] : [[{}, ms / 1_000]]),
  },
  {
    kind: "gauge",
    name: "atlas.backup.size",
    unit: "By",
    description: "Size of the newest backup.",
    samples: ({ backups: { lastBytes } = {} }) => (lastBytes === undefined ? [] : [[{}, lastBytes]]),
  },
];

function ofWorkflows<Value>(value: (of: WorkflowStats) => Value) {
  return ({ workflows }: GatewayStats): readonly Sample<Value>[] =>
    workflows.map((of) => [{ workflow: of.workflow_id }, value(of)]);
}

function ofSources(value: (of: SourceStats) => number) {
  return ({ sources }: GatewayStats): readonly Sample<number>[] =>
    sources.map((of) => [{ source: of.source_id }, value(of)]);
}

function ofSinks(value: (of: SinkStats) => number) {
  return ({ sinks }: GatewayStats): readonly Sample<number>[] =>
    sinks.map((of) => [{ sink: of.sink_id }, value(of)]);
}

function attempts({ workflows }: GatewayStats, outcome: string, value: (of: WorkflowStats) => number) {
  return workflows.map((of): Sample<number> => [{ workflow: of.workflow_id, outcome }, value(of)]);
}

function summaryOf({ count, sumMs, p50Ms, p90Ms, p99Ms }: Durations): SummaryValue {
  const quantiles = [
    ["0.5", p50Ms / 1_000],
    ["0.9", p90Ms / 1_000],
    ["0.99", p99Ms / 1_000],
  ] as const;
  return { count, sum: sumMs / 1_000, quantiles: count === 0 ? [] : quantiles };
}
