import { query, type Read } from "@atlas/core";
import type { PluginKind, PluginsTables } from "./tables.ts";

/** A plugin that the host has paused. */
export interface PausedPlugin {
  readonly kind: PluginKind;
  readonly id: string;
  readonly paused_at: string;
}

const selectPauses = query<PluginsTables>()((db) =>
  db.selectFrom("plugins_pauses").selectAll().orderBy("kind").orderBy("id"),
);
const selectPause = query<PluginsTables, { kind: PluginKind; id: string }>()((db, p) =>
  db.selectFrom("plugins_pauses").select("paused_at").where("kind", "=", p.kind).where("id", "=", p.id),
);

/** Queries on what the host has paused. */
export function pauseQueries(read: Read<PluginsTables>) {
  return {
    /** The paused plugins, also those that the gateway no longer has. */
    listPauses: (): Promise<readonly PausedPlugin[]> => read.all(selectPauses, {}),
    /** Since when a plugin is paused; nothing when it is not. */
    async getPausedAt(kind: PluginKind, id: string): Promise<string | undefined> {
      return (await read.get(selectPause, { kind, id }))?.paused_at;
    },
  };
}
