import { type JsonObject, query, type Read } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { SqlBool } from "kysely";
import type { Schedule } from "../contract/schedule.ts";
import { parseJsonColumn } from "./json-column.ts";
import type { PluginsTables } from "./tables.ts";

type Row = PluginsTables["plugins_api_schedules"];

/** A schedule that was made at run time, as it is stored. */
export interface StoredSchedule {
  readonly id: string;
  readonly workflow_id: string;
  readonly schedule: Schedule;
  readonly input: JsonObject;
  /** Another one each time that anything but its next time changes. */
  readonly revision: string;
  readonly next_at: string;
  readonly runs: number;
  readonly last_job_id?: string;
}

const PAGE = 100;

const selectOne = query<PluginsTables, { id: string }>()((db, p) =>
  db.selectFrom("plugins_api_schedules").selectAll().where("id", "=", p.id),
);
const selectPage = query<PluginsTables, { after: string; limit: number }>()((db, p) =>
  db.selectFrom("plugins_api_schedules").selectAll().where("id", ">", p.after).orderBy("id").limit(p.limit),
);
const selectDue = query<PluginsTables, { now: string; next_at: string; id: string; limit: number }>()(
  (db, p) =>
    db
      .selectFrom("plugins_api_schedules")
      .selectAll()
      .where("next_at", "<=", p.now)
      .where(sql<SqlBool>`(next_at, id) > (${p.next_at}, ${p.id})`)
      .orderBy("next_at")
      .orderBy("id")
      .limit(p.limit),
);
const selectNext = query<PluginsTables, { now: string }>()((db, p) =>
  db
    .selectFrom("plugins_api_schedules")
    .select("next_at")
    .where("next_at", ">", p.now)
    .orderBy("next_at")
    .limit(1),
);

/** Queries on the schedules that were made at run time. */
export function scheduleQueries(read: Read<PluginsTables>) {
  return {
    /** A schedule that was made by `schedules.upsert`. */
    async getApiSchedule(id: string): Promise<StoredSchedule | undefined> {
      const row = await read.get(selectOne, { id });
      return row === undefined ? undefined : toSchedule(row);
    },
    /** The schedules that were made by `schedules.upsert`, at most 100 whose ids come after `after`. */
    async listApiSchedules(after = ""): Promise<readonly StoredSchedule[]> {
      return (await read.all(selectPage, { after, limit: PAGE })).map(toSchedule);
    },
    /** Those of them that are due at `now` and come after `after`, the longest due first. */
    async listDueApiSchedules(
      now: string,
      { limit, after }: { readonly limit: number; readonly after?: Pick<StoredSchedule, "id" | "next_at"> },
    ): Promise<readonly StoredSchedule[]> {
      const { id = "", next_at = "" } = after ?? {};
      return (await read.all(selectDue, { now, id, next_at, limit })).map(toSchedule);
    },
    /** When the first of them is due after `now`. */
    async nextApiScheduleAt(now: string): Promise<string | undefined> {
      return (await read.get(selectNext, { now }))?.next_at;
    },
  };
}

function toSchedule({ schedule, input, last_job_id, ...row }: Row): StoredSchedule {
  return {
    ...row,
    schedule: parseJsonColumn<Schedule>(schedule),
    input: parseJsonColumn<JsonObject>(input),
    ...(last_job_id === null ? {} : { last_job_id }),
  };
}
