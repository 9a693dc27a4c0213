import { defineCommand, idText, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginKind, PluginsTables } from "./tables.ts";

interface Paused {
  kind: PluginKind;
  id: string;
}

const keepPause = lazyStatement<PluginsTables, Paused & { paused_at: string }>((db, p) =>
  db
    .insertInto("plugins_pauses")
    .values({ kind: p.kind, id: p.id, paused_at: p.paused_at })
    .onConflict((conflict) => conflict.doNothing()),
);
const removePause = lazyStatement<PluginsTables, Paused>((db, p) =>
  db.deleteFrom("plugins_pauses").where("kind", "=", p.kind).where("id", "=", p.id),
);

const command = defineCommand<PluginsTables>();
const kind = z.enum(["source", "workflow", "sink"]);

/** Stores that a plugin is paused. A second pause changes nothing. */
export const pauseSet = command({
  schema: lazySchema(() => z.object({ kind, id: idText, paused_at: timeText.optional() })),
  prepare: (payload, { now }) => ({ ...payload, paused_at: payload.paused_at ?? now }),
  apply: (pause, change) => change.run(keepPause, pause, { ifNone: "stop" }),
});

/** Removes a pause. */
export const pauseLift = command({
  schema: lazySchema(() => z.object({ kind, id: idText })),
  apply: (pause, change) => change.run(removePause, pause, { ifNone: "stop" }),
});
