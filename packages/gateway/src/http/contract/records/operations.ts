import { z } from "zod";
import { component, described } from "../component.ts";
import { sinkState, source } from "./plugin.ts";

const text = z.string().exactOptional();

const backupsState = component(
  "BackupsState",
  "How the scheduled backups went; absent where the host makes none.",
  z.object({
    status: z.enum(["ok", "failing"]),
    failures: described("Failed backups in a row.", z.int()),
    error: text,
    last_made_at: text,
    last_bytes: z.int().exactOptional(),
    next_at: text,
  }),
);

export const gatewayState = component(
  "GatewayState",
  "The state of the store, the plugins and the extensions.",
  z.object({
    status: described("That of the store.", z.enum(["ok", "degraded", "failed", "stopped"])),
    reason: text,
    since: text,
    message: text,
    sources: z.array(source).readonly(),
    sinks: z.array(sinkState).readonly(),
    jobs: z.object({
      running: z.int(),
      paused: z.array(z.object({ workflow_id: z.string(), paused_at: z.string() })).readonly(),
    }),
    backups: backupsState.exactOptional(),
    extensions: z.array(z.looseObject({ name: z.string() })).readonly(),
  }),
);

const durations = component(
  "Durations",
  "How long something took since the process began.",
  z.object({
    count: z.int(),
    sum_ms: z.number(),
    p50_ms: z.number(),
    p90_ms: z.number(),
    p99_ms: z.number(),
    max_ms: z.number(),
  }),
);

const distribution = z.object({
  count: z.number(),
  mean: z.number(),
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  max: z.number(),
});

const workflowFigures = z.object({
  workflow_id: z.string(),
  is_paused: z.boolean(),
  ready_jobs: z.int(),
  delayed_jobs: z.int(),
  oldest_ready_ms: z.number(),
  running_attempts: z.int(),
  succeeded_attempts_total: z.int(),
  failed_attempts_total: z.int(),
  failed_jobs_total: z.int(),
  parked_attempts_total: z.int(),
  interrupted_attempts_total: z.int(),
  succeeded_attempts_per_minute: z.number(),
  failed_attempts_per_minute: z.number(),
  wait: durations,
  run: durations,
});

const sourceFigures = z.object({
  source_id: z.string(),
  is_paused: z.boolean(),
  is_syncing: z.boolean(),
  failures_in_a_row: z.int(),
  since_last_sync_ms: z.number().exactOptional(),
});

const sinkFigures = z.object({
  sink_id: z.string(),
  is_paused: z.boolean(),
  lag_events: z.int(),
  lag_ms: z.number(),
  retrying_events: z.int(),
  dead_events: z.int(),
  failures_in_a_row: z.int(),
});

const storeFigures = z.object({
  batch_commands: distribution,
  commit_ms: distribution,
  refused_commands: z.int(),
  queue: z.object({ commands: z.int(), bytes: z.int() }),
  journal_entries: z.int(),
  open_reads: z.object({ count: z.int(), oldest_ms: z.number() }),
  database_bytes: z.int(),
  wal_bytes: z.int(),
});

export const gatewayFigures = component(
  "GatewayFigures",
  "Depths, ages, rates and durations, with their units in their names.",
  z.object({
    workflows: z.array(workflowFigures).readonly(),
    sources: z.array(sourceFigures).readonly(),
    sinks: z.array(sinkFigures).readonly(),
    store: storeFigures,
    backups: z
      .object({
        failures_in_a_row: z.int(),
        since_last_ms: z.number().exactOptional(),
        last_bytes: z.int().exactOptional(),
      })
      .exactOptional(),
  }),
);
