import { type CommandOf, defineModule, tables } from "@atlas/core";
import { jobForget, jobForgive, jobProgress, jobRecover, jobStep, jobUncount } from "./job-commands.ts";
import { initial } from "./migrations/001_initial.ts";
import { waits } from "./migrations/002_waits.ts";
import { refusedRecords } from "./migrations/005_refused_records.ts";
import { pluginsQueries } from "./queries.ts";
import { sourceForgetRefused, sourceRefuse } from "./refused-record-commands.ts";
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
  migrations: { "001_initial": initial, "002_waits": waits, "005_refused_records": refusedRecords },
  commands: {
    "plugins.source.checkpoint": sourceCheckpoint,
    "plugins.source.refuse": sourceRefuse,
    "plugins.source.forgetRefused": sourceForgetRefused,
    "plugins.schedule.set": scheduleSet,
    "plugins.sink.advance": sinkAdvance,
    "plugins.sink.fail": sinkFail,
    "plugins.sink.settle": sinkSettle,
    "plugins.sink.redrive": sinkRedrive,
    "plugins.sink.dismiss": sinkDismiss,
    "plugins.sink.forget": sinkForget,
    "plugins.job.step": jobStep,
    "plugins.job.uncount": jobUncount,
    "plugins.job.recover": jobRecover,
    "plugins.job.forgive": jobForgive,
    "plugins.job.progress": jobProgress,
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
