import type { JsonObject } from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import { parseSchedule, SCHEDULE_OPTIONS, type Schedule } from "./schedule.ts";
import type { WorkflowSchedule } from "./workflow.ts";

/** A schedule to make or change at run time. */
export type ScheduleRequest = WorkflowSchedule & {
  /** Your name for it, of 1 to 100 characters. Schedules of the code have names of their own, so it may also be a workflow's id. */
  readonly id: string;
  /** The workflow that the jobs are for. */
  readonly workflow_id: string;
};

/** A schedule of a workflow, and where it stands. */
export interface WorkflowScheduleState {
  /** The workflow's id for a schedule of the code. */
  readonly id: string;
  readonly workflow_id: string;
  /** `code`: it is the workflow's own `schedule`. `api`: `schedules.upsert` made it. */
  readonly origin: "code" | "api";
  /** With all its options. */
  readonly schedule: Schedule;
  readonly input: JsonObject;
  /** When it is due next. Absent for a new or changed schedule of the code before `gateway.start()`. */
  readonly next_at?: string;
  /** How many jobs it has made. */
  readonly runs: number;
  /** The job that it made last, unless that was pruned. */
  readonly last_job_id?: string;
  /** Why its last run could not be completed. Absent once it has made a job again. */
  readonly problem?: string;
}

const SCHEDULE_ID = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}$/;

/** Checks the form of a request. Returns the schedule with all its options. A `TypeError` says what is wrong. */
export function readScheduleRequest(request: ScheduleRequest): Schedule {
  const what = "schedules.upsert";
  checkOptions(what, request, ["id", "workflow_id", ...SCHEDULE_OPTIONS, "input"]);
  const { id } = request;
  if (typeof id !== "string" || !SCHEDULE_ID.test(id))
    throw new TypeError(
      `${what}: id must have 1 to 100 letters, digits or ._:/@- and start with a letter or digit, such as "digest:ada"; got ${JSON.stringify(id)}.`,
    );
  parseSchedule(request, `${what}: "${id}"`);
  return withDefaults(request);
}

/** A schedule with all its options, so that two spellings of one schedule are equal. */
export function withDefaults(given: Schedule): Schedule {
  const { onMissed = "once", overlap = "skip", jitterMs = 0 } = given;
  const rest = { onMissed, overlap, jitterMs };
  if (!("cron" in given)) return { everyMs: given.everyMs, ...rest };
  return { cron: given.cron, timeZone: given.timeZone ?? "UTC", ...rest };
}
