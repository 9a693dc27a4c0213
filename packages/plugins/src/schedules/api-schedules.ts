import { setImmediate as turn } from "node:timers/promises";
import {
  type Clock,
  type Command,
  type CommandSink,
  canonicalJson,
  type Envelope,
  isoTime,
  type ReadOnlyRepo,
} from "@atlas/core";
import { batchDoor } from "../contract/batch.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import { parseSchedule, type Schedule } from "../contract/schedule.ts";
import {
  readScheduleRequest,
  type ScheduleRequest,
  type WorkflowScheduleState,
  withDefaults,
} from "../contract/schedule-request.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { createOneAtATime } from "../delivery/one-at-a-time.ts";
import { checkedJob } from "../jobs/job-input.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { StoredSchedule } from "../module/schedule-queries.ts";
import type { ApiScheduler } from "./api-scheduler.ts";
import { jittered } from "./jitter.ts";
import { keyOf } from "./workflow-schedule.ts";

/** Schedules of workflows that are made, changed and removed at run time. */
export interface Schedules {
  /**
   * Makes a schedule, or changes the one of this `id`, and resolves with it once it is on disk: it is valid from then on, without a
   * restart and after each. A workflow may have any number of them, beside the `schedule` in its code. The same content again changes
   * nothing. With another `everyMs`, `cron`, `timeZone` or workflow it starts anew; with other options or another input its next time
   * stays. Works before `start()`; jobs are created after it. Throws a `TypeError` for a wrong option,
   * `ATLAS_PLUGINS_WORKFLOW_UNKNOWN` with the nearest id, or `ATLAS_PLUGINS_INPUT_INVALID` with the message of the workflow's schema.
   * `envelope` says who asks and why, for the journal; the jobs of the schedule do not take over its `context`.
   */
  upsert(schedule: ScheduleRequest, envelope?: Envelope): Promise<WorkflowScheduleState>;
  /**
   * Removes a schedule that `upsert` made, and resolves once that is on disk: it creates no job any more. The jobs that it has created
   * stay. Resolves with false when there is none of this id. `envelope` is as with `upsert`.
   */
  remove(id: string, envelope?: Envelope): Promise<boolean>;
  /** Every schedule of a workflow: those of the code first, then those that `upsert` made, by id. */
  list(): Promise<readonly WorkflowScheduleState[]>;
}

const ACTOR = { actor: "host" };

/** The schedules of one gateway. */
export function createSchedules(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  readonly scheduler: ApiScheduler;
  readonly clock: Clock;
  readonly newId: () => string;
  /** A random number 0 ≤ x < 1 for the jitter of schedules. Default: `Math.random`. */
  readonly random?: () => number;
}): Schedules {
  const { repo, commands, registry, scheduler, clock, newId, random = Math.random } = options;
  // What a change does follows from what is stored, so no other may come in between.
  const oneAtATime = createOneAtATime();

  return {
    async upsert(request, envelope) {
      const schedule = readScheduleRequest(request);
      const { id, workflow_id, input = {} } = request;
      // What the caller changes in its object later is not meant.
      const wanted = copyOf({ workflow_id, schedule, input });
      const workflow = registry.workflow(workflow_id);
      return oneAtATime(async () => {
        if (workflow.batch !== undefined) throw batchDoor(workflow_id, "schedules.upsert");
        await checkedJob(workflow, { input: wanted.input });
        const known = await repo.plugins.getApiSchedule(id);
        if (known !== undefined && isSame(known, wanted)) return stateOf(known);
        const goesOn = known?.workflow_id === workflow_id && specOf(known.schedule) === specOf(schedule);
        const next_at = goesOn ? {} : { next_at: isoTime(firstOf(schedule)) };
        const upsert = {
          type: "plugins.schedule.upsert",
          id,
          ...wanted,
          schedule: { ...wanted.schedule },
          revision: newId(),
          ...next_at,
        } as const;
        await commands.enqueue(upsert, { ...ACTOR, ...envelope });
        scheduler.changed(id);
        const stored = await repo.plugins.getApiSchedule(id);
        // Removed already.
        if (stored === undefined) return { id, ...wanted, origin: "api", runs: 0 };
        return stateOf(stored);
      });
    },
    async remove(id, envelope) {
      if (typeof id !== "string")
        throw new TypeError(`schedules.remove takes the id of a schedule; got ${JSON.stringify(id)}.`);
      return oneAtATime(async () => {
        if ((await repo.plugins.getApiSchedule(id)) === undefined) return false;
        await commands.enqueue({ type: "plugins.schedule.remove", id }, { ...ACTOR, ...envelope });
        scheduler.changed(id);
        return true;
      });
    },
    async list() {
      const states: WorkflowScheduleState[] = [];
      for (const workflow of registry.workflows.values()) states.push(...(await ofCode(workflow)));
      for (let page = await repo.plugins.listApiSchedules(); page.length > 0; ) {
        states.push(...page.map(stateOf));
        page = await repo.plugins.listApiSchedules(page.at(-1)?.id);
        await turn();
      }
      return states;
    },
  };

  function firstOf(schedule: Schedule): number {
    const first = parseSchedule(schedule, "The schedule").first(clock.now());
    // The first run of an interval is at once.
    return "cron" in schedule ? jittered(first, schedule, random) : first;
  }

  function stateOf({ revision, ...stored }: StoredSchedule): WorkflowScheduleState {
    const problem = scheduler.problemOf({ id: stored.id, revision });
    return { ...stored, origin: "api", ...(problem === undefined ? {} : { problem }) };
  }

  async function ofCode({ id, schedule }: WorkflowPlugin): Promise<readonly WorkflowScheduleState[]> {
    if (schedule === undefined) return [];
    const known = await repo.plugins.getSchedule("workflow", id);
    const isPlanned = known?.spec === specOf(schedule);
    const runs = known?.runs ?? 0;
    const last = runs === 0 ? undefined : await repo.getJobByKey(id, keyOf(runs));
    return [
      {
        id,
        workflow_id: id,
        origin: "code",
        schedule: withDefaults(schedule),
        input: schedule.input ?? {},
        ...(isPlanned ? { next_at: known.next_at } : {}),
        runs,
        ...(last === undefined ? {} : { last_job_id: last.id }),
      },
    ];
  }
}

function isSame(stored: StoredSchedule, { workflow_id, schedule, input }: Content): boolean {
  const content = ({ workflow_id, schedule, input }: Content): string =>
    canonicalJson({ workflow_id, schedule, input });
  return content(stored) === content({ workflow_id, schedule, input });
}

type Content = Pick<StoredSchedule, "workflow_id" | "schedule" | "input">;

/** A copy as it is stored. Throws `ATLAS_CORE_JSON_INVALID`. */
function copyOf(content: Content): Content {
  // Read back, canonical JSON has the shape that was written.
  return JSON.parse(canonicalJson(content)) as Content;
}

/** What the times of a schedule follow from, also of a stored one that cannot be read any more. */
function specOf(given: Schedule): string {
  const schedule = withDefaults(given);
  if (!("cron" in schedule)) return canonicalJson({ everyMs: schedule.everyMs });
  return canonicalJson({ cron: schedule.cron, timeZone: schedule.timeZone });
}
