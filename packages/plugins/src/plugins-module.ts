import {
  type CommandOf,
  defineCommand,
  defineModule,
  idText,
  type JsonValue,
  jsonText,
  query,
  statement,
  tables,
} from "@atlas/core";
import { z } from "zod";

/** The runners' own bookkeeping. Its commands emit no domain event. */
export interface PluginsTables {
  /** How far each source has come; `cursor` is canonical JSON. */
  plugins_source_cursors: { source_id: string; cursor: string };
  /** The last domain event that each sink has had. */
  plugins_sink_cursors: { sink_id: string; event_seq: number };
}

const keepSourceCursor = statement<PluginsTables, { source_id: string; cursor: string }>((db, p) =>
  db
    .insertInto("plugins_source_cursors")
    .values({ source_id: p.source_id, cursor: p.cursor })
    .onConflict((conflict) =>
      conflict
        .column("source_id")
        .doUpdateSet((row) => ({ cursor: row.ref("excluded.cursor") }))
        .where((row) => row("plugins_source_cursors.cursor", "is not", row.ref("excluded.cursor"))),
    ),
);

const keepSinkCursor = statement<PluginsTables, { sink_id: string; event_seq: number }>((db, p) =>
  db
    .insertInto("plugins_sink_cursors")
    .values({ sink_id: p.sink_id, event_seq: p.event_seq })
    .onConflict((conflict) =>
      conflict
        .column("sink_id")
        .doUpdateSet((row) => ({ event_seq: row.ref("excluded.event_seq") }))
        .where((row) => row("plugins_sink_cursors.event_seq", "<", row.ref("excluded.event_seq"))),
    ),
);

const selectSourceCursor = query<PluginsTables, { source_id: string }>()((db, p) =>
  db.selectFrom("plugins_source_cursors").select("cursor").where("source_id", "=", p.source_id),
);

const selectSinkCursor = query<PluginsTables, { sink_id: string }>()((db, p) =>
  db.selectFrom("plugins_sink_cursors").select("event_seq").where("sink_id", "=", p.sink_id),
);

const command = defineCommand<PluginsTables>();

/** Tables, commands and queries of the runners: install it beside your own modules. */
export const pluginsModule = defineModule({
  name: "plugins",
  version: 1,
  tables: tables<PluginsTables>(),
  migrations: {
    "001_cursors": ({ schema }) => [
      schema
        .createTable("plugins_source_cursors")
        .addColumn("source_id", "text", (column) => column.primaryKey().notNull())
        .addColumn("cursor", "text", (column) => column.notNull()),
      schema
        .createTable("plugins_sink_cursors")
        .addColumn("sink_id", "text", (column) => column.primaryKey().notNull())
        .addColumn("event_seq", "integer", (column) => column.notNull()),
    ],
  },
  commands: {
    "plugins.source.checkpoint": command({
      schema: z.object({ source_id: idText, cursor: z.custom<JsonValue>((value) => value !== undefined) }),
      apply: ({ source_id, cursor }, change) => {
        change.run(keepSourceCursor, { source_id, cursor: jsonText(cursor) }, { ifNone: "stop" });
      },
    }),
    "plugins.sink.advance": command({
      schema: z.object({ sink_id: idText, event_seq: z.int().min(0) }),
      apply: ({ sink_id, event_seq }, change) => {
        change.run(keepSinkCursor, { sink_id, event_seq }, { ifNone: "stop" });
      },
    }),
  },
  queries: (read) => ({
    /** The cursor of a source's last checkpoint; nothing before the first. */
    async getSourceCursor(source_id: string): Promise<JsonValue | undefined> {
      const row = await read.get(selectSourceCursor, { source_id });
      // Only canonical JSON is stored there.
      return row === undefined ? undefined : (JSON.parse(row.cursor) as JsonValue);
    },
    /** The number of the last domain event that a sink has had; nothing for a new sink. */
    async getSinkCursor(sink_id: string): Promise<number | undefined> {
      return (await read.get(selectSinkCursor, { sink_id }))?.event_seq;
    },
  }),
});

/** The type of {@link pluginsModule}. */
export type PluginsModule = typeof pluginsModule;

/** The commands of the runners. */
export type PluginsCommand = CommandOf<PluginsModule>;
