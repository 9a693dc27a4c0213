import { DatabaseSync } from "node:sqlite";
import { createStore, type DriverName } from "@atlas/core";
import Database from "better-sqlite3";
import type { EntityUpsert } from "./workload.ts";

/** Writes the rows that a store would write, by hand. */
export interface RawDatabase extends Disposable {
  /** Writes the commands in one transaction. */
  commit(commands: readonly EntityUpsert[]): void;
}

/** What a hand needs of either library. */
interface Library {
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: readonly (string | number | null)[]): unknown };
  close(): unknown;
}

/**
 * What a careful hand writes with a SQLite library instead of Atlas, on a file that Atlas has migrated: the same tables,
 * indexes and pragmas, one prepared statement per row, no check of anything. `journal` adds the journal's row. Default driver:
 * better-sqlite3.
 */
export async function openRaw(
  path: string,
  { journal, driver = "better-sqlite3" }: { readonly journal: boolean; readonly driver?: DriverName },
): Promise<RawDatabase> {
  await (await createStore({ database: path, driver })).stop();
  const database = openLibrary(path, driver);
  const settings = [
    "journal_mode = wal",
    "synchronous = full",
    "foreign_keys = on",
    "trusted_schema = off",
    "temp_store = memory",
    "cache_size = -16000",
    "wal_autocheckpoint = 4000",
    "journal_size_limit = 16777216",
  ];
  for (const setting of settings) database.exec(`pragma ${setting}`);
  const begin = database.prepare("begin immediate");
  const end = database.prepare("commit");

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

  const commit = (commands: readonly EntityUpsert[]): void => {
    begin.run();
    const now = new Date().toISOString();
    for (const { type, entity } of commands) {
      seq += 1;
      upsertEntity.run(
        entity.id ?? null,
        entity.type,
        entity.source ?? null,
        entity.external_id ?? null,
        entity.title ?? null,
        entity.url ?? null,
        entity.data === undefined ? null : JSON.stringify(entity.data),
        now,
        null,
      );
      insertEvent.run(
        seq,
        "entity.upserted",
        entity.id ?? null,
        JSON.stringify({ type: entity.type }),
        seq,
        0,
        now,
      );
      if (journal) insertJournal.run(seq, null, type, JSON.stringify({ entity, at: now }), "host", null, now);
    }
    end.run();
  };

  return { commit, [Symbol.dispose]: () => database.close() };
}

function openLibrary(path: string, driver: DriverName): Library {
  if (driver === "node:sqlite") return new DatabaseSync(path);
  const database = new Database(path);
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => database.prepare<unknown[]>(sql),
    close: () => database.close(),
  };
}
