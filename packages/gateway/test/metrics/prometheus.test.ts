import { describe, expect, it, onTestFinished } from "vitest";
import {
  createGateway,
  type GatewayOptions,
  type GatewayStats,
  silentLogger,
  toPrometheus,
} from "../../src/index.ts";
import { someStats } from "../support/some-stats.ts";
import { until } from "../support/until.ts";

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe("toPrometheus", () => {
  it("writes each metric once, with its help and type, and each sample on a line that parses", async () => {
    const gateway = await open({
      workflows: [
        { id: "a.v1", run: async () => undefined },
        { id: "b.v1", on: ["x"], run: async () => undefined },
      ],
    });
    await gateway.start();
    await gateway.jobs.wait((await gateway.jobs.create({ workflow_id: "a.v1" })).id);
    await until(async () => (await gateway.stats()).workflows[0]?.run.count === 1);
    const text = toPrometheus(await gateway.stats());
    expect(text.endsWith("\n")).toBe(true);
    const lines = text.trimEnd().split("\n");
    const types = lines.filter((line) => line.startsWith("# TYPE")).map((line) => line.split(" ")[2]);
    expect(new Set(types).size).toBe(types.length);
    for (const line of lines) {
      expect(line).toMatch(
        /^(# HELP [a-z_]+ .+|# TYPE [a-z_]+ (gauge|counter|summary)|[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9.e+-]+)$/,
      );
    }
    expect(lines).toContain('atlas_attempts_total{workflow="a.v1",outcome="succeeded"} 1');
    expect(lines).toContain('atlas_attempt_run_seconds_count{workflow="a.v1"} 1');
    expect(lines).toContain('atlas_attempt_run_seconds_count{workflow="b.v1"} 0');
    expect(text).toMatch(/^atlas_attempt_run_seconds\{workflow="a.v1",quantile="0.99"\} /m);
    expect(text).not.toContain('{workflow="b.v1",quantile');
    expect(text).toContain('atlas_sink_lag_events{sink="$on:b.v1"} ');
  });

  it("escapes labels", async () => {
    const stats: GatewayStats = await (await open()).stats();
    const sinks = [
      {
        sink_id: 'a"b\\c\nd',
        isPaused: false,
        lagEvents: 1,
        lagMs: 1_500,
        retryingEvents: 0,
        deadEvents: 0,
        failuresInARow: 0,
      },
    ];
    const text = toPrometheus({ ...stats, sinks });
    expect(text).toContain('atlas_sink_lag_events{sink="a\\"b\\\\c\\nd"} 1\n');
    expect(text).toContain('atlas_sink_lag_seconds{sink="a\\"b\\\\c\\nd"} 1.5\n');
    expect(text).not.toContain("atlas_jobs_ready");
  });

  it("writes every figure under its name, in seconds", () => {
    expect(toPrometheus(someStats)).toMatchInlineSnapshot(`
      "# HELP atlas_jobs_ready Jobs that are due and wait to begin.
      # TYPE atlas_jobs_ready gauge
      atlas_jobs_ready{workflow="busy.v1"} 3
      atlas_jobs_ready{workflow="idle.v1"} 0
      # HELP atlas_jobs_delayed Queued jobs that are due later.
      # TYPE atlas_jobs_delayed gauge
      atlas_jobs_delayed{workflow="busy.v1"} 4
      atlas_jobs_delayed{workflow="idle.v1"} 0
      # HELP atlas_jobs_oldest_ready_seconds How long the oldest ready job has been due.
      # TYPE atlas_jobs_oldest_ready_seconds gauge
      atlas_jobs_oldest_ready_seconds{workflow="busy.v1"} 5.5
      atlas_jobs_oldest_ready_seconds{workflow="idle.v1"} 0
      # HELP atlas_attempts_running Attempts that run.
      # TYPE atlas_attempts_running gauge
      atlas_attempts_running{workflow="busy.v1"} 6
      atlas_attempts_running{workflow="idle.v1"} 0
      # HELP atlas_attempts_total Attempts that ended, by outcome.
      # TYPE atlas_attempts_total counter
      atlas_attempts_total{workflow="busy.v1",outcome="succeeded"} 70
      atlas_attempts_total{workflow="idle.v1",outcome="succeeded"} 0
      atlas_attempts_total{workflow="busy.v1",outcome="failed"} 8
      atlas_attempts_total{workflow="idle.v1",outcome="failed"} 0
      atlas_attempts_total{workflow="busy.v1",outcome="parked"} 9
      atlas_attempts_total{workflow="idle.v1",outcome="parked"} 0
      atlas_attempts_total{workflow="busy.v1",outcome="interrupted"} 10
      atlas_attempts_total{workflow="idle.v1",outcome="interrupted"} 0
      # HELP atlas_jobs_failed_total Jobs that failed for good.
      # TYPE atlas_jobs_failed_total counter
      atlas_jobs_failed_total{workflow="busy.v1"} 2
      atlas_jobs_failed_total{workflow="idle.v1"} 0
      # HELP atlas_workflow_paused 1 when the workflow is paused.
      # TYPE atlas_workflow_paused gauge
      atlas_workflow_paused{workflow="busy.v1"} 1
      atlas_workflow_paused{workflow="idle.v1"} 0
      # HELP atlas_job_wait_seconds From when a job was due to its first attempt.
      # TYPE atlas_job_wait_seconds summary
      atlas_job_wait_seconds{workflow="busy.v1",quantile="0.5"} 0.014
      atlas_job_wait_seconds{workflow="busy.v1",quantile="0.9"} 0.015
      atlas_job_wait_seconds{workflow="busy.v1",quantile="0.99"} 0.016
      atlas_job_wait_seconds_sum{workflow="busy.v1"} 13
      atlas_job_wait_seconds_count{workflow="busy.v1"} 90
      atlas_job_wait_seconds_sum{workflow="idle.v1"} 0
      atlas_job_wait_seconds_count{workflow="idle.v1"} 0
      # HELP atlas_attempt_run_seconds From the claim of an attempt to its end.
      # TYPE atlas_attempt_run_seconds summary
      atlas_attempt_run_seconds{workflow="busy.v1",quantile="0.5"} 0.019
      atlas_attempt_run_seconds{workflow="busy.v1",quantile="0.9"} 0.02
      atlas_attempt_run_seconds{workflow="busy.v1",quantile="0.99"} 0.021
      atlas_attempt_run_seconds_sum{workflow="busy.v1"} 18.25
      atlas_attempt_run_seconds_count{workflow="busy.v1"} 97
      atlas_attempt_run_seconds_sum{workflow="idle.v1"} 0
      atlas_attempt_run_seconds_count{workflow="idle.v1"} 0
      # HELP atlas_source_failures Failed syncs in a row.
      # TYPE atlas_source_failures gauge
      atlas_source_failures{source="git"} 23
      atlas_source_failures{source="new"} 0
      # HELP atlas_source_paused 1 when the source is paused.
      # TYPE atlas_source_paused gauge
      atlas_source_paused{source="git"} 1
      atlas_source_paused{source="new"} 0
      # HELP atlas_source_last_sync_age_seconds How long ago the last sync succeeded.
      # TYPE atlas_source_last_sync_age_seconds gauge
      atlas_source_last_sync_age_seconds{source="git"} 24.5
      # HELP atlas_sink_lag_events Events that the sink has not passed.
      # TYPE atlas_sink_lag_events gauge
      atlas_sink_lag_events{sink="list"} 25
      # HELP atlas_sink_lag_seconds Age of the oldest event that the sink has not passed.
      # TYPE atlas_sink_lag_seconds gauge
      atlas_sink_lag_seconds{sink="list"} 26.25
      # HELP atlas_sink_retrying_events Failed deliveries that are retried.
      # TYPE atlas_sink_retrying_events gauge
      atlas_sink_retrying_events{sink="list"} 27
      # HELP atlas_sink_dead_events Dead letters.
      # TYPE atlas_sink_dead_events gauge
      atlas_sink_dead_events{sink="list"} 28
      # HELP atlas_sink_failures Failed calls in a row.
      # TYPE atlas_sink_failures gauge
      atlas_sink_failures{sink="list"} 29
      # HELP atlas_sink_paused 1 when the sink is paused.
      # TYPE atlas_sink_paused gauge
      atlas_sink_paused{sink="list"} 1
      # HELP atlas_store_queue_commands Commands that wait for a commit.
      # TYPE atlas_store_queue_commands gauge
      atlas_store_queue_commands 30
      # HELP atlas_store_database_bytes Size of the database.
      # TYPE atlas_store_database_bytes gauge
      atlas_store_database_bytes 33000
      # HELP atlas_store_wal_bytes Size of the write-ahead log.
      # TYPE atlas_store_wal_bytes gauge
      atlas_store_wal_bytes 34000
      # HELP atlas_backup_failures Failed backups in a row.
      # TYPE atlas_backup_failures gauge
      atlas_backup_failures 35
      # HELP atlas_backup_age_seconds How long ago the newest backup was made.
      # TYPE atlas_backup_age_seconds gauge
      atlas_backup_age_seconds 36.5
      # HELP atlas_backup_size_bytes Size of the newest backup.
      # TYPE atlas_backup_size_bytes gauge
      atlas_backup_size_bytes 37000
      "
    `);
  });
});
