import type { Schedule, ScheduleRequest, WorkflowScheduleState } from "@atlas/plugins";
import type { z } from "zod";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import type { scheduleBody } from "../contract/records/plugin.ts";
import { listSchedules, putSchedule, removeSchedule } from "../contract/workflows.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { foundRecord } from "./not-found.ts";

/** Schedules of workflows, over HTTP. */
export const scheduleRoutes: readonly HttpRoute[] = [
  handleRoute(listSchedules, async ({ gateway }) => ({
    items: (await gateway.schedules.list()).map(toRecord),
  })),
  handleRoute(putSchedule, async ({ gateway, params, body, envelope }) => {
    try {
      return toRecord(await gateway.schedules.upsert(toRequest(params.id, body), envelope));
    } catch (error) {
      if (error instanceof TypeError)
        throw new ProblemError("ATLAS_HTTP_REQUEST_INVALID", asData(error.message));
      throw error;
    }
  }),
  handleRoute(removeSchedule, async ({ gateway, params: { id }, envelope }) => {
    const isRemoved = await gateway.schedules.remove(id, envelope);
    foundRecord("schedule", id, isRemoved || undefined);
    return undefined;
  }),
];

// The names of options, here and there.
const NAMES = {
  every_ms: "everyMs",
  time_zone: "timeZone",
  on_missed: "onMissed",
  jitter_ms: "jitterMs",
} as const;

function toRequest(id: string, body: z.output<typeof scheduleBody>): ScheduleRequest {
  const { every_ms, time_zone, on_missed, jitter_ms, ...rest } = body;
  const request = {
    ...rest,
    id,
    ...(every_ms === undefined ? {} : { everyMs: every_ms }),
    ...(time_zone === undefined ? {} : { timeZone: time_zone }),
    ...(on_missed === undefined ? {} : { onMissed: on_missed }),
    ...(jitter_ms === undefined ? {} : { jitterMs: jitter_ms }),
  };
  // `schedules.upsert` checks that it has an interval or a cron expression, and says which.
  return request as ScheduleRequest;
}

function toRecord({ schedule, ...state }: WorkflowScheduleState) {
  const { onMissed, jitterMs, overlap, ...times }: Schedule = schedule;
  return {
    ...state,
    ...("cron" in times
      ? { cron: times.cron, ...(times.timeZone === undefined ? {} : { time_zone: times.timeZone }) }
      : { every_ms: times.everyMs }),
    ...(onMissed === undefined ? {} : { on_missed: onMissed }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(jitterMs === undefined ? {} : { jitter_ms: jitterMs }),
  };
}

/** A message with the names that the request has. */
function asData(message: string): string {
  return Object.entries(NAMES).reduce(
    (text, [data, code]) => text.replaceAll(code, data),
    message.replace(/^schedules\.upsert:? /, ""),
  );
}
