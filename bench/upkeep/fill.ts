import { closeSync, fsyncSync, openSync } from "node:fs";
import { createStore } from "@atlas/core";
import Database from "better-sqlite3";

/** A time before which everything in a filled database was last changed. */
export const EVERYTHING = "2026-06-01T00:00:00.000Z";
/** A time before which nothing was. */
export const NOTHING = "2020-01-01T00:00:00.000Z";

/**
 * Makes a database with so many domain events and events, none delivered, and a quarter as many ended jobs, artifacts and
 * tombstones. Written by hand, for commands would take minutes.
 */
export async function fillDatabase(path: string, rows: number): Promise<void> {
  await (await createStore({ database: path })).stop();
  const database = new Database(path);
  database.pragma("journal_mode = wal");
  database.pragma("synchronous = off");
  const quarter = Math.ceil(rows / 4);
  const insert = (table: string, columns: string, values: string, count: number): void => {
    database.exec(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) insert into ${table} (${columns}) select ${values} from n`,
    );
  };
  const id = (prefix: string): string => `'${prefix}-' || printf('%08d', i)`;
  const time = "'2026-01-01T00:00:00.000Z'";
  const text = "'Read the level every ten minutes, and keep the raw value. Revision ' || i";
  insert(
    "domain_events",
    "seq, type, aggregate_id, payload, command_seq, depth, created_at",
    `i, 'event.inserted', 'a-' || printf('%08d', 1 + i % ${quarter}), '{"message":"' || ${text} || '"}', i, 0, ${time}`,
    rows,
  );
  insert("events", "id, type, data, occurred_at", `${id("v")}, 'push', '{"text":"x"}', ${time}`, rows);
  insert(
    "artifacts",
    "id, type, content_md, created_at, updated_at",
    `${id("a")}, 'digest', ${text}, ${time}, ${time}`,
    quarter,
  );
  insert(
    "jobs",
    "id, workflow_id, status, priority, attempt, run_at, input, created_at, finished_at, updated_at",
    `${id("j")}, 'w', 'succeeded', 0, 1, ${time}, '{}', ${time}, ${time}, ${time}`,
    quarter,
  );
  insert(
    "entities",
    "id, type, data, updated_at, deleted_at",
    `${id("e")}, 'note', '{}', ${time}, ${time}`,
    quarter,
  );
  database.exec(`update store set next_event_seq = ${rows + 1}, next_command_seq = ${rows + 1}`);
  database.pragma("wal_checkpoint(truncate)");
  database.close();
  flush(path);
}

/** Marks all events as delivered but the last `kept`, by hand. */
export function deliverBut(path: string, kept: number): void {
  const database = new Database(path);
  database.pragma("synchronous = off");
  database.exec(
    `update domain_events set delivered_at = '2026-01-01T00:00:00.000Z' where seq <= (select max(seq) from domain_events) - ${kept}`,
  );
  database.pragma("wal_checkpoint(truncate)");
  database.close();
  flush(path);
}

/** Gives the disk what was written without: else the first checkpoint of the store that is measured would wait for all of it. */
function flush(path: string): void {
  const file = openSync(path, "r+");
  fsyncSync(file);
  closeSync(file);
}
