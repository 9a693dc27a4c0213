import { defineCommand, excluded, idText, jsonObject, jsonText, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

type Row = PluginsTables["plugins_api_schedules"];
type Content = Pick<Row, "id" | "workflow_id" | "schedule" | "input" | "revision">;

const create = lazyStatement<PluginsTables, Content & Pick<Row, "next_at">>((db, p) =>
  db
    .insertInto("plugins_api_schedules")
    .values({
      id: p.id,
      workflow_id: p.workflow_id,
      schedule: p.schedule,
      input: p.input,
      revision: p.revision,
      next_at: p.next_at,
      runs: 0,
      last_job_id: null,
    })
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet((row) => excluded(row, ["workflow_id", "schedule", "input", "revision", "next_at"])),
    ),
);
const change = lazyStatement<PluginsTables, Content>((db, p) =>
  db
    .updateTable("plugins_api_schedules")
    .set({ workflow_id: p.workflow_id, schedule: p.schedule, input: p.input, revision: p.revision })
    .where("id", "=", p.id),
);
const drop = lazyStatement<PluginsTables, Pick<Row, "id">>((db, p) =>
  db.deleteFrom("plugins_api_schedules").where("id", "=", p.id),
);

type Place = Pick<Row, "id" | "revision" | "next_at" | "runs"> & { readonly after: number };

const move = lazyStatement<PluginsTables, Place>((db, p) =>
  db
    .updateTable("plugins_api_schedules")
    .set({ next_at: p.next_at, runs: p.runs })
    .where("id", "=", p.id)
    .where("revision", "=", p.revision)
    .where("runs", "=", p.after),
);
const moveWithJob = lazyStatement<PluginsTables, Place & { readonly last_job_id: string }>((db, p) =>
  db
    .updateTable("plugins_api_schedules")
    .set({ next_at: p.next_at, runs: p.runs, last_job_id: p.last_job_id })
    .where("id", "=", p.id)
    .where("revision", "=", p.revision)
    .where("runs", "=", p.after),
);

const command = defineCommand<PluginsTables>();
const count = z.int().min(0);

/** Stores a schedule. With `next_at` it starts anew; without, its next time stays. The number of its runs always stays. */
export const scheduleUpsert = command({
  schema: lazySchema(() =>
    z.object({
      id: idText,
      workflow_id: idText,
      schedule: jsonObject,
      input: jsonObject,
      /** Another one each time that anything changes. */
      revision: idText,
      next_at: timeText.optional(),
    }),
  ),
  apply({ next_at, ...given }, plan) {
    const content = { ...given, schedule: jsonText(given.schedule), input: jsonText(given.input) };
    if (next_at === undefined) plan.run(change, content, { ifNone: "stop" });
    else plan.run(create, { ...content, next_at });
  },
});

/** Removes a schedule. */
export const scheduleRemove = command({
  schema: lazySchema(() => z.object({ id: idText })),
  apply: (schedule, plan) => plan.run(drop, schedule, { ifNone: "stop" }),
});

/**
 * Stores the next time of a schedule, in one unit with the jobs of its runs until then. It is refused when the schedule was changed,
 * removed or run since it was read, so that no job of it is created then.
 */
export const scheduleAdvance = command({
  schema: lazySchema(() =>
    z.object({
      id: idText,
      revision: idText,
      /** How many runs it had before. */
      after: count,
      runs: count,
      next_at: timeText,
      last_job_id: idText.optional(),
    }),
  ),
  apply({ last_job_id, ...place }, plan) {
    const ifNone = {
      refuse: "ATLAS_PLUGINS_SCHEDULE_CHANGED",
      message: `The schedule "${place.id}" was changed or removed in the meantime. Nothing was changed.`,
      details: { id: place.id },
    };
    if (last_job_id === undefined) plan.run(move, place, { ifNone });
    else plan.run(moveWithJob, { ...place, last_job_id }, { ifNone });
  },
});
