import type { GatewayStats } from "./gateway-stats.ts";

/** A sample: its value, with its labels. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

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
export function toPrometheus({ workflows, sources, sinks, store }: GatewayStats): string {
  const workflow = (value: (of: GatewayStats["workflows"][number]) => number): readonly Sample[] =>
    workflows.map((of) => [{ workflow: of.workflow_id }, value(of)]);
  const source = (value: (of: GatewayStats["sources"][number]) => number): readonly Sample[] =>
    sources.map((of) => [{ source: of.source_id }, value(of)]);
  const sink = (value: (of: GatewayStats["sinks"][number]) => number): readonly Sample[] =>
    sinks.map((of) => [{ sink: of.sink_id }, value(of)]);
  const attempts = (outcome: string, value: (of: GatewayStats["workflows"][number]) => number) =>
    workflows.map((of): Sample => [{ workflow: of.workflow_id, outcome }, value(of)]);

  return [
    metric(
      "gauge",
      "atlas_jobs_ready",
      "Jobs that are due and wait to begin.",
      workflow((of) => of.readyJobs),
    ),
    metric(
      "gauge",
      "atlas_jobs_delayed",
      "Queued jobs that are due later.",
      workflow((of) => of.delayedJobs),
    ),
    metric(
      "gauge",
      "atlas_jobs_oldest_ready_seconds",
      "How long the oldest ready job has been due.",
      workflow((of) => of.oldestReadyMs / 1_000),
    ),
    metric(
      "gauge",
      "atlas_attempts_running",
      "Attempts that run.",
      workflow((of) => of.runningAttempts),
    ),
    metric("counter", "atlas_attempts_total", "Attempts that ended, by outcome.", [
      ...attempts("succeeded", (of) => of.succeededAttemptsTotal),
      ...attempts("failed", (of) => of.failedAttemptsTotal),
      ...attempts("parked", (of) => of.parkedAttemptsTotal),
      ...attempts("interrupted", (of) => of.interruptedAttemptsTotal),
    ]),
    metric(
      "counter",
      "atlas_jobs_failed_total",
      "Jobs that failed for good.",
      workflow((of) => of.failedJobsTotal),
    ),
    metric(
      "gauge",
      "atlas_workflow_paused",
      "1 when the workflow is paused.",
      workflow((of) => Number(of.isPaused)),
    ),
    summary(
      "atlas_job_wait_seconds",
      "From when a job was due to its first attempt.",
      workflows.map(({ workflow_id, wait }) => [workflow_id, wait]),
    ),
    summary(
      "atlas_attempt_run_seconds",
      "From the claim of an attempt to its end.",
      workflows.map(({ workflow_id, run }) => [workflow_id, run]),
    ),
    metric(
      "gauge",
      "atlas_source_failures",
      "Failed syncs in a row.",
      source((of) => of.failuresInARow),
    ),
    metric(
      "gauge",
      "atlas_source_paused",
      "1 when the source is paused.",
      source((of) => Number(of.isPaused)),
    ),
    metric(
      "gauge",
      "atlas_source_last_sync_age_seconds",
      "How long ago the last sync succeeded.",
      sources.flatMap(({ source_id, sinceLastSyncMs: ms }): readonly Sample[] =>
        ms === undefined ? [] : [[{ source: source_id }, ms / 1_000]],
      ),
    ),
    metric(
      "gauge",
      "atlas_sink_lag_events",
      "Events that the sink has not passed.",
      sink((of) => of.lagEvents),
    ),
    metric(
      "gauge",
      "atlas_sink_lag_seconds",
      "Age of the oldest event that the sink has not passed.",
      sink((of) => of.lagMs / 1_000),
    ),
    metric(
      "gauge",
      "atlas_sink_retrying_events",
      "Failed deliveries that are retried.",
      sink((of) => of.retryingEvents),
    ),
    metric(
      "gauge",
      "atlas_sink_dead_events",
      "Dead letters.",
      sink((of) => of.deadEvents),
    ),
    metric(
      "gauge",
      "atlas_sink_failures",
      "Failed calls in a row.",
      sink((of) => of.failuresInARow),
    ),
    metric(
      "gauge",
      "atlas_sink_paused",
      "1 when the sink is paused.",
      sink((of) => Number(of.isPaused)),
    ),
    metric("gauge", "atlas_store_queue_commands", "Commands that wait for a commit.", [
      [{}, store.queue.commands],
    ]),
    metric("gauge", "atlas_store_database_bytes", "Size of the database.", [[{}, store.databaseBytes]]),
    metric("gauge", "atlas_store_wal_bytes", "Size of the write-ahead log.", [[{}, store.walBytes]]),
  ].join("");
}

function metric(type: "gauge" | "counter", name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  return head(type, name, help) + samples.map((sample) => line(name, sample)).join("");
}

/** Without a sample, a quantile has no value and is left out. */
function summary(
  name: string,
  help: string,
  workflows: readonly (readonly [string, GatewayStats["workflows"][number]["run"]])[],
): string {
  if (workflows.length === 0) return "";
  const samples = workflows.flatMap(([workflow, { count, sumMs, p50Ms, p90Ms, p99Ms }]) => {
    const quantiles = [
      ["0.5", p50Ms],
      ["0.9", p90Ms],
      ["0.99", p99Ms],
    ] as const;
    return [
      ...(count === 0
        ? []
        : quantiles.map(([quantile, ms]) => line(name, [{ workflow, quantile }, ms / 1_000]))),
      line(`${name}_sum`, [{ workflow }, sumMs / 1_000]),
      line(`${name}_count`, [{ workflow }, count]),
    ];
  });
  return head("summary", name, help) + samples.join("");
}

function head(type: string, name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, [labels, value]: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
