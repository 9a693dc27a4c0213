import { type CommandOf, defineModule, tables } from "@atlas/core";
import { batchAdd, batchOpen } from "./batch-commands.ts";
import { jobAhead } from "./claims-ahead.ts";
import {
  jobCall,
  jobForget,
  jobForgive,
  jobProgress,
  jobRecover,
  jobResult,
  jobStep,
  jobUncount,
} from "./job-commands.ts";
import { jobKey } from "./job-keys.ts";
import { jobLog } from "./job-logs.ts";
import { jobRestart, jobVersion } from "./job-versions.ts";
import { initial } from "./migrations/001_initial.ts";
import { waits } from "./migrations/002_waits.ts";
import { jobs } from "./migrations/003_jobs.ts";
import { scheduleRuns } from "./migrations/004_schedule_runs.ts";
import { refusedRecords } from "./migrations/005_refused_records.ts";
import { flow } from "./migrations/006_flow.ts";
import { schedules } from "./migrations/007_schedules.ts";
import { jobVersions } from "./migrations/008_job_versions.ts";
import { keyStarts } from "./migrations/009_key_starts.ts";
import { batches } from "./migrations/010_batches.ts";
import { claimsAhead } from "./migrations/011_claims_ahead.ts";
import { forgetWithJob } from "./migrations/012_forget_with_job.ts";
import { pauseLift, pauseSet } from "./pause-commands.ts";
import { jobPromote } from "./promote-command.ts";
import { pluginsQueries } from "./queries.ts";
import { rateStart, rateStartOfKey } from "./rate-commands.ts";
import { sourceForgetRefused, sourceRefuse } from "./refused-record-commands.ts";
import { scheduleAdvance, scheduleRemove, scheduleUpsert } from "./schedule-commands.ts";
import { sinkAdvance, sinkDismiss, sinkFail, sinkForget, sinkRedrive, sinkSettle } from "./sink-commands.ts";
import { scheduleSet, sourceCheckpoint } from "./source-commands.ts";
import type { PluginsTables } from "./tables.ts";
import { waitAnswer, waitDrop, waitExpire, waitOpen, waitWake } from "./wait-commands.ts";

/**
 * The module of the runners: cursors, schedules, failed deliveries, steps and waits, read through `repo.plugins`. A gateway installs it.
 * Its commands are for the runners; they emit no domain event.
 */
export const pluginsModule = defineModule({
  name: "plugins",
  version: 3,
  tables: tables<PluginsTables>(),
  migrations: {
    "001_initial": initial,
    "002_waits": waits,
    "003_jobs": jobs,
    "004_schedule_runs": scheduleRuns,
    "005_refused_records": refusedRecords,
    "006_flow": flow,
    "007_schedules": schedules,
    "008_job_versions": jobVersions,
    "009_key_starts": keyStarts,
    "010_batches": batches,
    "011_claims_ahead": claimsAhead,
    "012_forget_with_job": forgetWithJob,
  },
  commands: {
    "plugins.source.checkpoint": sourceCheckpoint,
    "plugins.source.refuse": sourceRefuse,
    "plugins.source.forgetRefused": sourceForgetRefused,
    "plugins.schedule.set": scheduleSet,
    "plugins.schedule.upsert": scheduleUpsert,
    "plugins.schedule.remove": scheduleRemove,
    "plugins.schedule.advance": scheduleAdvance,
    "plugins.pause.set": pauseSet,
    "plugins.pause.lift": pauseLift,
    "plugins.rate.start": rateStart,
    "plugins.rate.startOfKey": rateStartOfKey,
    "plugins.sink.advance": sinkAdvance,
    "plugins.sink.fail": sinkFail,
    "plugins.sink.settle": sinkSettle,
    "plugins.sink.redrive": sinkRedrive,
    "plugins.sink.dismiss": sinkDismiss,
    "plugins.sink.forget": sinkForget,
    "plugins.batch.open": batchOpen,
    "plugins.batch.add": batchAdd,
    "plugins.job.ahead": jobAhead,
    "plugins.job.step": jobStep,
    "plugins.job.call": jobCall,
    "plugins.job.result": jobResult,
    "plugins.job.key": jobKey,
    "plugins.job.log": jobLog,
    "plugins.job.uncount": jobUncount,
    "plugins.job.recover": jobRecover,
    "plugins.job.forgive": jobForgive,
    "plugins.job.progress": jobProgress,
    "plugins.job.promote": jobPromote,
    "plugins.job.version": jobVersion,
    "plugins.job.restart": jobRestart,
    "plugins.job.forget": jobForget,
    "plugins.wait.open": waitOpen,
    "plugins.wait.answer": waitAnswer,
    "plugins.wait.wake": waitWake,
    "plugins.wait.expire": waitExpire,
    "plugins.wait.drop": waitDrop,
  },
  queries: pluginsQueries,
});

/** The type of {@link pluginsModule}. */
export type PluginsModule = typeof pluginsModule;

/** The commands of the runners, which plugins do not send. */
export type PluginsCommand = CommandOf<PluginsModule>;
