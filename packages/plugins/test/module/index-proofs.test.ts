import Sqlite from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { openStore } from "../support/open-store.ts";

/** What the runners ask again and again, and how SQLite must find it. */
const asked: readonly (readonly [string, string, RegExp])[] = [
  [
    "the next event that comes again to a sink",
    "select next_at from plugins_sink_exceptions where status = 'retrying' and sink_id = ? order by next_at limit 1",
    /SEARCH plugins_sink_exceptions USING (COVERING )?INDEX plugins_sink_exceptions_due \(sink_id=\?\)$/,
  ],
  [
    "the events that come again now",
    "select * from plugins_sink_exceptions where status = 'retrying' and sink_id = ? and next_at <= ? order by next_at, event_seq limit ?",
    /SEARCH plugins_sink_exceptions USING INDEX plugins_sink_exceptions_due \(sink_id=\? AND next_at<\?\)$/,
  ],
  [
    "the steps of a job",
    "select name, result from plugins_job_steps where job_id = ?",
    /SEARCH plugins_job_steps USING INDEX sqlite_autoindex_plugins_job_steps_1 \(job_id=\?\)$/,
  ],
  [
    "how many jobs wait",
    "select count(*) from jobs where status = 'queued'",
    /SCAN jobs USING COVERING INDEX jobs_ready$/,
  ],
  [
    "the newest jobs of a workflow",
    "select status, run_at, started_at, finished_at from jobs where workflow_id = ? and finished_at is not null order by id desc limit ?",
    /SEARCH jobs USING INDEX jobs_by_workflow \(workflow_id=\?\)$/,
  ],
];

it.each(asked)("finds %s by an index", async (_, sql, expected) => {
  const { store } = await openStore();
  const database = new Sqlite(store.path, { readonly: true });
  onTestFinished(() => void database.close());
  const values = Array.from({ length: sql.split("?").length - 1 }, () => "1");
  const plan = database.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(values);
  expect(plan.map(({ detail }) => detail).join("; ")).toMatch(expected);
});
