import { setImmediate as turn } from "node:timers/promises";
import {
  type Clock,
  type Command,
  type CommandSink,
  isCoreError,
  isoTime,
  type Logger,
  type NewJob,
  type ReadOnlyRepo,
} from "@atlas/core";
import { createLoop } from "@atlas/core/internal";
import { messageOf } from "../calling/failure.ts";
import { isPluginError } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import { dueRuns, parseSchedule } from "../contract/schedule.ts";
import { isJobOver } from "../contract/wait.ts";
import { checkedJob } from "../jobs/job-input.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { StoredSchedule } from "../module/schedule-queries.ts";
import { jittered } from "./jitter.ts";

/** Creates the jobs of the schedules that were made at run time. It keeps none of them in memory: the table says what is due. */
export interface ApiScheduler {
  start(): Promise<void>;
  /** Waits for the runs under way and starts no more. */
  stop(): Promise<void>;
  /** Says that a schedule was changed or removed. */
  changed(id: string): void;
  /** Why the last run of a schedule could not be completed, if it could not. */
  problemOf(schedule: Pick<StoredSchedule, "id" | "revision">): string | undefined;
}

// Short enough to notice soon that the wall clock was set.
const LONGEST_SLEEP_MS = 30_000;
const RETRY_MS = 5_000;
// How many are run at the same time. They share the commits.
const AT_ONCE = 20;
// Clocks are corrected by less all the time.
const SET_BACK_MS = 1_000;
// A problem that was not tried again for so long is that of a schedule which is gone.
const FORGET_MS = 60_000;

interface Problem {
  readonly revision: string;
  readonly says: string;
  /** When it is tried again, on the monotonic clock. */
  readonly until: number;
}

/** A scheduler of the schedules in the database. */
export function createApiScheduler(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  readonly newId: () => string;
  /** A random number 0 ≤ x < 1 for the jitter of schedules. Default: `Math.random`. */
  readonly random?: () => number;
}): ApiScheduler {
  const { clock, log, repo, commands, registry, newId, random = Math.random } = options;
  const problems = new Map<string, Problem>();
  let isRunning = false;
  /** The two clocks at the last round. */
  let seen: { readonly wall: number; readonly monotonic: number } | undefined;
  const loop = createLoop({
    tick,
    clock,
    idleMs: RETRY_MS,
    onError: (error) => log.error({ error }, "The schedules could not be run and will be retried."),
  });

  return {
    async start() {
      isRunning = true;
      loop.wake();
    },
    stop() {
      isRunning = false;
      return loop.stop();
    },
    changed(id) {
      problems.delete(id);
      if (isRunning) loop.wake();
    },
    problemOf: ({ id, revision }) => {
      const problem = problems.get(id);
      return problem?.revision === revision ? problem.says : undefined;
    },
  };

  async function tick(): Promise<number> {
    await followClock();
    for (const [id, { until }] of problems) if (until + FORGET_MS < clock.monotonic()) problems.delete(id);
    // What comes due during the round is found by the next one, which begins at once then.
    const now = isoTime(clock.now());
    let last: StoredSchedule | undefined;
    do {
      const after = last === undefined ? {} : { after: last };
      const due = await repo.plugins.listDueApiSchedules(now, { limit: AT_ONCE, ...after });
      await eachGuarded(due.filter(isReady), run);
      last = due.at(-1);
    } while (last !== undefined && isRunning);
    const nextAt = await repo.plugins.nextApiScheduleAt(now);
    let sleepMs = nextAt === undefined ? LONGEST_SLEEP_MS : Date.parse(nextAt) - clock.now();
    for (const { until } of problems.values()) {
      const retryMs = until - clock.monotonic();
      if (retryMs > 0) sleepMs = Math.min(sleepMs, retryMs);
    }
    return Math.min(sleepMs, LONGEST_SLEEP_MS);
  }

  /** After the wall clock was set back, what was due soon must not wait for all that time to pass again. */
  async function followClock(): Promise<void> {
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const isBack = seen === undefined || now.wall - seen.wall < now.monotonic - seen.monotonic - SET_BACK_MS;
    if (isBack) {
      for (let page = await repo.plugins.listApiSchedules(); page.length > 0 && isRunning; ) {
        await eachGuarded(page, async (stored) => {
          const latest = timetableOf(stored).next(now.wall) + (stored.schedule.jitterMs ?? 0);
          if (Date.parse(stored.next_at) > latest) await advance(stored, { next: latest, jobs: [] });
        });
        page = await repo.plugins.listApiSchedules(page.at(-1)?.id);
        await turn();
      }
    }
    seen = now;
  }

  /** What is wrong with one schedule holds up no other. Trouble of the whole store ends the round. */
  async function eachGuarded(
    some: readonly StoredSchedule[],
    work: (stored: StoredSchedule) => Promise<void>,
  ): Promise<void> {
    const done = some.map(async (stored) => {
      try {
        await work(stored);
      } catch (error) {
        if (isOfStore(error)) throw error;
        keepProblem(stored, error);
      }
    });
    const failed = (await Promise.allSettled(done)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  function isReady({ id, revision }: StoredSchedule): boolean {
    const problem = problems.get(id);
    return problem?.revision !== revision || problem.until <= clock.monotonic();
  }

  /** Makes the jobs that are due by one schedule. */
  async function run(stored: StoredSchedule): Promise<void> {
    const { id, schedule, workflow_id, input } = stored;
    const job = await checkedJob(registry.workflow(workflow_id), { workflow_id, input });
    const now = clock.now();
    const timetable = timetableOf(stored);
    const { onMissed, overlap } = schedule;
    const { runs, through } = dueRuns(timetable, { nextAt: Date.parse(stored.next_at), now, onMissed });
    let count = runs.length;
    if (overlap !== "queue" && count > 0) count = (await isUnderWay(stored)) ? 0 : 1;
    await advance(stored, {
      next: jittered(timetable.next(overlap === "queue" ? through : now), schedule, random),
      jobs: Array.from({ length: count }, () => ({ ...job, id: `schedule:${id}:${newId()}` })),
    });
    problems.delete(id);
  }

  function keepProblem({ id, revision, workflow_id }: StoredSchedule, error: unknown): void {
    const says = messageOf(error);
    const known = problems.get(id);
    // A workflow that the gateway does not have cannot come before the next start.
    const pauseMs = isPluginError(error, "ATLAS_PLUGINS_WORKFLOW_UNKNOWN")
      ? Number.POSITIVE_INFINITY
      : RETRY_MS;
    problems.set(id, { revision, says, until: clock.monotonic() + pauseMs });
    if (known?.revision !== revision || known.says !== says)
      log.error(
        { error, schedule_id: id, workflow_id },
        "A scheduled run could not be completed and will be retried.",
      );
  }

  async function isUnderWay({ last_job_id }: StoredSchedule): Promise<boolean> {
    const job = last_job_id === undefined ? undefined : await repo.getJob(last_job_id);
    return job !== undefined && !isJobOver(job);
  }

  /**
   * One unit: a run whose next time is not stored would be repeated, and a next time without its run would lose it. It is refused when the
   * schedule is not what was read any more; then the next look at the table says what to do.
   */
  async function advance(
    { id, revision, runs: after }: StoredSchedule,
    { next, jobs }: { readonly next: number; readonly jobs: readonly (NewJob & { readonly id: string })[] },
  ): Promise<void> {
    const last_job_id = jobs.at(-1)?.id;
    const place = {
      type: "plugins.schedule.advance",
      id,
      revision,
      after,
      runs: after + jobs.length,
      next_at: isoTime(next),
      ...(last_job_id === undefined ? {} : { last_job_id }),
    } as const;
    const creations = jobs.map((job) => ({ type: "job.create", job }) as const);
    try {
      await commands.enqueueAll([place, ...creations], { actor: "scheduler" });
    } catch (error) {
      if (!isChanged(error)) throw error;
    }
  }
}

function timetableOf({ id, schedule }: StoredSchedule) {
  return parseSchedule(schedule, `The schedule "${id}"`);
}

function isOfStore(error: unknown): boolean {
  return (
    isCoreError(error) && (error.code.startsWith("ATLAS_CORE_STORAGE") || error.code === "ATLAS_CORE_STOPPED")
  );
}

function isChanged(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ATLAS_PLUGINS_SCHEDULE_CHANGED";
}
