import { createStore, defineModule, type ReadOnlyRepo, silentLogger } from "@atlas/core";
import Sqlite from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { type PluginsModule, pluginsModule } from "../../src/index.ts";
import { pluginsQueries } from "../../src/module/queries.ts";
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
    "the end of a page of a workflow's queued jobs",
    "select run_at, id from jobs where status = 'queued' and workflow_id = ? and priority = ? and (run_at, id) > (?, ?) order by run_at, id limit 1 offset 1999",
    /^SEARCH jobs USING COVERING INDEX jobs_ready \(workflow_id=\? AND priority=\? AND \(run_at,id\)>\(\?,\?\)\)$/,
  ],
  [
    "how many of a page of a workflow's queued jobs are due",
    "select count(*) from jobs where status = 'queued' and workflow_id = ? and priority = ? and (run_at, id) > (?, ?) and run_at <= ?",
    /^SEARCH jobs USING COVERING INDEX jobs_ready \(workflow_id=\? AND priority=\? AND \(run_at,id\)>\(\?,\?\) AND run_at<\?\)$/,
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

/** A repo that notes the SQL of its last question, and what SQLite would do for it. */
async function explainingRepo() {
  let asked = "";
  const noting = defineModule({
    ...pluginsModule,
    queries: (read) =>
      pluginsQueries({
        ...read,
        get(query, values) {
          asked = query.compiled().sql;
          return read.get(query, values);
        },
        all(query, values) {
          asked = query.compiled().sql;
          return read.all(query, values);
        },
      }),
  });
  const store = await createStore({ database: ":memory:", modules: [noting], log: silentLogger });
  onTestFinished(() => store.stop());
  const database = new Sqlite(store.path, { readonly: true });
  onTestFinished(() => void database.close());
  return {
    repo: store.repo,
    plan(): string {
      const values = Array.from({ length: asked.split("?").length - 1 }, () => "1");
      const steps = database
        .prepare<unknown[], { detail: string }>(`explain query plan ${asked}`)
        .all(values);
      return steps.map(({ detail }) => detail).join("; ");
    },
  };
}

type Ask = (repo: ReadOnlyRepo<PluginsModule>) => Promise<unknown>;

const itsJob = "SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (id=?)";
const parked = `SEARCH wait USING INDEX plugins_waits_parked (kind=? AND (job_id,name)>(?,?)); ${itsJob}`;

it.each<[string, Ask, string]>([
  [
    "a page of the waits for events",
    (repo) => repo.plugins.listParkedWaits({ kind: "event", limit: 9 }),
    parked,
  ],
  [
    "a page of the waits for jobs",
    (repo) =>
      repo.plugins.listParkedWaits({ kind: "jobs", after: { job_id: "job", name: "wait" }, limit: 9 }),
    parked,
  ],
  [
    "a page of all dead letters",
    (repo) => repo.plugins.listDeadLetters({ limit: 9 }),
    "SEARCH failed USING INDEX sqlite_autoindex_plugins_sink_exceptions_1 ((sink_id,event_seq)>(?,?)); SEARCH event USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
  ],
  [
    "a page of the dead letters of a sink",
    (repo) => repo.plugins.listDeadLetters({ sink_id: "s" }),
    "SEARCH failed USING INDEX sqlite_autoindex_plugins_sink_exceptions_1 (sink_id=? AND event_seq>?); SEARCH event USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
  ],
  [
    "the jobs that still wait though they have an answer",
    (repo) => repo.plugins.listAnsweredJobs(),
    `SCAN wait USING INDEX plugins_waits_answered; ${itsJob}; USE TEMP B-TREE FOR DISTINCT`,
  ],
  [
    "the jobs in whose last run the process ended",
    (repo) => repo.plugins.listCrashedJobs(),
    `SCAN run USING INDEX plugins_job_runs_crashed; ${itsJob}`,
  ],
  [
    "the waits of a job",
    (repo) => repo.plugins.listWaits("job"),
    "SEARCH plugins_waits USING INDEX sqlite_autoindex_plugins_waits_1 (job_id=?); USE TEMP B-TREE FOR ORDER BY",
  ],
  [
    "a page of the schedules that are due",
    (repo) => repo.plugins.listDueApiSchedules("2026", { limit: 9, after: { next_at: "2025", id: "one" } }),
    "SEARCH plugins_api_schedules USING INDEX plugins_api_schedules_due ((next_at,id)>(?,?) AND next_at<?)",
  ],
  [
    "the next schedule that is due",
    (repo) => repo.plugins.nextApiScheduleAt("2026"),
    "SEARCH plugins_api_schedules USING COVERING INDEX plugins_api_schedules_due (next_at>?)",
  ],
  [
    "who still holds an event",
    (repo) => repo.plugins.isEventHeldByOthers(1, "sink"),
    "SEARCH plugins_sink_exceptions USING COVERING INDEX plugins_sink_exceptions_event (event_seq=?)",
  ],
  [
    "the events of a range that somebody holds",
    (repo) => repo.plugins.listFailedEventSeqs(1, 2),
    "SEARCH plugins_sink_exceptions USING COVERING INDEX plugins_sink_exceptions_event (event_seq>? AND event_seq<?)",
  ],
  [
    "old dead letters",
    (repo) => repo.plugins.listOldDeadLetters({ before: "2026-01-01T00:00:00.000Z", limit: 9 }),
    "SEARCH plugins_sink_exceptions USING COVERING INDEX plugins_sink_exceptions_dead (updated_at<?)",
  ],
  [
    "a page of a sink's failed deliveries",
    (repo) => repo.plugins.listFailedOfSink({ sink_id: "sink", after: 0, limit: 9 }),
    "SEARCH plugins_sink_exceptions USING INDEX sqlite_autoindex_plugins_sink_exceptions_1 (sink_id=? AND event_seq>?)",
  ],
  [
    "the newest refused records of a source",
    (repo) => repo.plugins.listRefusedRecords({ source_id: "source" }),
    "SEARCH plugins_refused_records USING INDEX plugins_refused_records_by_time (source_id=?)",
  ],
  [
    "one step of a job",
    (repo) => repo.plugins.getJobStep("job", "step"),
    "SEARCH plugins_job_steps USING INDEX sqlite_autoindex_plugins_job_steps_1 (job_id=? AND name=?)",
  ],
  [
    "a page of a job's children",
    (repo) => repo.plugins.listChildIds("job", ""),
    "SEARCH jobs USING COVERING INDEX jobs_by_parent (parent_id=? AND id>?)",
  ],
  [
    "the next priority at which a workflow may have delayed jobs",
    (repo) => repo.plugins.nextJobAt("work.v1", "2026"),
    "SEARCH jobs USING COVERING INDEX jobs_ready (workflow_id=? AND priority<?)",
  ],
  [
    "whether delayed jobs with a key are due",
    (repo) => repo.plugins.hasDueJobs("work.v1", "2026"),
    "SEARCH jobs USING INDEX jobs_delayed_in_groups (workflow_id=? AND run_at<?)",
  ],
  [
    "the next priority of a workflow whose keys take turns",
    (repo) => repo.plugins.nextPriority("work.v1", 1),
    "SEARCH jobs USING COVERING INDEX jobs_ready (workflow_id=? AND priority<?)",
  ],
  [
    "the next keys with a ready job",
    (repo) =>
      repo.plugins.listReadyKeys(
        { workflow_id: "work.v1", priority: 0 },
        { after: "a", through: "z", limit: 9 },
      ),
    "CO-ROUTINE turn; SETUP; SCAN CONSTANT ROW; SCALAR SUBQUERY 1; SEARCH jobs USING INDEX jobs_ready_by_group (workflow_id=? AND priority=? AND group_key>? AND group_key<?); RECURSIVE STEP; SCAN turn; CORRELATED SCALAR SUBQUERY 3; SEARCH jobs USING INDEX jobs_ready_by_group (workflow_id=? AND priority=? AND group_key>? AND group_key<?); SCAN turn",
  ],
  [
    "the ready jobs of keys",
    (repo) =>
      repo.plugins.listReadyJobsOfKeys(
        { workflow_id: "work.v1", priority: 0 },
        { keys: ["a"], now: "2026", limit: 9 },
      ),
    "SCAN wanted VIRTUAL TABLE INDEX 1:; SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (id=?); CORRELATED LIST SUBQUERY 1; SEARCH ready USING INDEX jobs_ready_by_group (workflow_id=? AND priority=? AND group_key=? AND run_at<?)",
  ],
  [
    "the ready jobs without a key",
    (repo) =>
      repo.plugins.listReadyJobsWithoutKey(
        { workflow_id: "work.v1", priority: 0 },
        { now: "2026", among: 9 },
      ),
    "SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (id=?); LIST SUBQUERY 2; CO-ROUTINE first; SEARCH jobs USING INDEX jobs_ready (workflow_id=? AND priority=? AND run_at<?); SCAN first",
  ],
])("finds %s by an index, through the query of the repo", async (_, ask, expected) => {
  const { repo, plan } = await explainingRepo();
  await ask(repo);
  expect(plan()).toBe(expected);
});
