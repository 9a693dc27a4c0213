import Database from "better-sqlite3";
import { measureStart } from "./measure-start.ts";

const TIME = "'2026-01-01T00:00:00.000Z'";

/**
 * Makes a database with so many commands in its journal, finished jobs with a result, and events that the sink of "grown" has
 * received. Written by hand, for commands would take minutes.
 */
export async function fillGrown(path: string, rows: number): Promise<void> {
  // Makes the tables, the first epoch and the sink's place.
  await measureStart("grown", path);
  const database = new Database(path);
  database.pragma("synchronous = off");
  const first = Number(database.prepare("select next_command_seq from store").pluck().get());
  const firstEvent = Number(database.prepare("select next_event_seq from store").pluck().get());
  const insert = (table: string, columns: string, values: string): void => {
    database.exec(
      `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${rows - 1}) insert into ${table} (${columns}) select ${values} from n`,
    );
  };
  const text = "'Read the level every ten minutes, and keep the raw value. Revision ' || i";
  const id = (prefix: string): string => `'${prefix}-' || printf('%08d', i)`;
  insert(
    "journal",
    "seq, type, payload, actor, enqueued_at",
    `${first} + i, 'event.insert', '{"event":{"id":"v-' || i || '","type":"push","data":{"text":"' || ${text} || '"}}}', 'host', ${TIME}`,
  );
  insert(
    "domain_events",
    "seq, type, aggregate_id, payload, command_seq, depth, created_at, delivered_at",
    `${firstEvent} + i, 'event.inserted', ${id("v")}, '{"text":"' || ${text} || '"}', ${first} + i, 0, ${TIME}, ${TIME}`,
  );
  insert(
    "jobs",
    "id, workflow_id, status, priority, attempt, run_at, input, created_at, finished_at, updated_at",
    `${id("j")}, 'w', 'succeeded', 0, 1, ${TIME}, '{}', ${TIME}, ${TIME}, ${TIME}`,
  );
  insert("plugins_job_results", "job_id, result", `${id("j")}, '{"ok":true}'`);
  database.exec(
    `update store set next_command_seq = ${first + rows}, next_event_seq = ${firstEvent + rows};
     update plugins_sink_cursors set event_seq = ${firstEvent + rows - 1};`,
  );
  database.pragma("wal_checkpoint(truncate)");
  database.close();
}
