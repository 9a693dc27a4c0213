import { createStore } from "@atlas/core";
import Database from "better-sqlite3";
import type { EntityUpsert } from "./workload.ts";

/** Writes the rows that a store would write, by hand. */
export interface RawDatabase extends Disposable {
  /** Writes the commands in one transaction. */
  commit(commands: readonly EntityUpsert[]): void;
}

/**
 * What a careful hand writes with better-sqlite3 instead of Atlas, on a file that Atlas has migrated: the same tables,
 * indexes and pragmas, one prepared statement per row, no check of anything. `journal` adds the journal's row.
 */
export async function openRaw(
  path: string,
  { journal }: { readonly journal: boolean },
): Promise<RawDatabase> {
  await (await createStore({ database: path })).stop();
  const database = new Database(path);
  database.pragma("journal_mode = wal");
  database.pragma("synchronous = full");
  database.pragma("foreign_keys = on");
  database.pragma("trusted_schema = off");
  database.pragma("temp_store = memory");
  database.pragma("wal_autocheckpoint = 4000");
  database.pragma("journal_size_limit = 16777216");

  const upsertEntity = database.prepare(`
    insert into entities (id, type, source, external_id, title, url, data, updated_at, deleted_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set title = excluded.title, url = excluded.url, data = excluded.data,
      updated_at = excluded.updated_at, deleted_at = excluded.deleted_at`);
  const insertEvent = database.prepare(`
    insert into domain_events (seq, type, aggregate_id, payload, command_seq, depth, created_at)
    values (?, ?, ?, ?, ?, ?, ?)`);
  const insertJournal = database.prepare(`
    insert into journal (seq, command_id, type, payload, actor, cause, enqueued_at) values (?, ?, ?, ?, ?, ?, ?)`);
  let seq = 0;

  const commit = database.transaction((commands: readonly EntityUpsert[]) => {
    const now = new Date().toISOString();
    for (const { type, entity } of commands) {
      seq += 1;
      upsertEntity.run(
        entity.id,
        entity.type,
        entity.source ?? null,
        entity.external_id ?? null,
        entity.title ?? null,
        entity.url ?? null,
        entity.data === undefined ? null : JSON.stringify(entity.data),
        now,
        null,
      );
      insertEvent.run(seq, "entity.upserted", entity.id, JSON.stringify({ type: entity.type }), seq, 0, now);
      if (journal) insertJournal.run(seq, null, type, JSON.stringify({ entity, at: now }), "host", null, now);
    }
  });

  return { commit: (commands) => commit.immediate(commands), [Symbol.dispose]: () => database.close() };
}
