import { SqliteDialect } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { type Connection, createConnection } from "../../src/file/connection.ts";
import { coreModule, type ReadOnlyRepo } from "../../src/index.ts";
import { startJobs, succeedJobs } from "../../src/model/job-set.ts";
import { markDueJobs } from "../../src/model/mark-due.ts";
import { createReadOnlyRepo } from "../../src/reading/read-only-repo.ts";
import { openStore } from "../support/open-store.ts";

/** A repo that notes the SQL of what it is asked, and what SQLite would do for it. */
async function explainingRepo() {
  const store = await openStore();
  await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
  // Ready for whoever asks for jobs of "w" that are due by the year 3000.
  await store.commands.enqueue({ type: "job.create", job: { workflow_id: "w" } });
  const database = openRaw(store.path, { readonly: true });
  onTestFinished(() => void database.close());
  const real = createConnection(database);
  let sql = "";
  const noting: Connection = {
    database,
    prepared: (statement) => {
      sql = statement.compiled().sql;
      return real.prepared(statement);
    },
  };
  const repo: ReadOnlyRepo = createReadOnlyRepo(noting, [coreModule], new SqliteDialect({ database }));
  const plan = (): string => {
    const values = Array.from({ length: sql.split("?").length - 1 }, () => "1");
    const steps = database.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(...values);
    // The one row of the store, which such a query is built around, is of no interest.
    return steps
      .map(({ detail }) => detail)
      .filter((detail) => !/SCALAR SUBQUERY|store/.test(detail))
      .join("; ");
  };
  return { repo, plan };
}

type Ask = (
  repo: ReadOnlyRepo,
  page: { readonly cursor?: string; readonly order?: "asc" | "desc" },
) => Promise<unknown>;

const cursorOf = (...key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(key)).toString("base64url");
const id = cursorOf("1");
const timeAndId = cursorOf("1", "1");
const primary = "sqlite_autoindex_%s_1";

const lists: readonly (readonly [string, Ask, string, string, string])[] = [
  ["entities", (repo, page) => repo.listEntities(page), id, "entities", primary],
  [
    "entities with tombstones",
    (repo, page) => repo.listEntities({ ...page, include_deleted: true }),
    id,
    "entities",
    primary,
  ],
  [
    "entities of a type",
    (repo, page) => repo.listEntities({ ...page, type: "t" }),
    id,
    "entities",
    "entities_by_type",
  ],
  ["events", (repo, page) => repo.listEvents(page), timeAndId, "events", "events_by_time"],
  [
    "events of a type",
    (repo, page) => repo.listEvents({ ...page, type: "t" }),
    timeAndId,
    "events",
    "events_by_type",
  ],
  [
    "events of an entity",
    (repo, page) => repo.listEvents({ ...page, entity_id: "e" }),
    timeAndId,
    "events",
    "events_by_entity",
  ],
  ["artifacts", (repo, page) => repo.findArtifacts(page), timeAndId, "artifacts", "artifacts_by_time"],
  [
    "artifacts of a type",
    (repo, page) => repo.findArtifacts({ ...page, type: "t" }),
    timeAndId,
    "artifacts",
    "artifacts_by_type",
  ],
  [
    "artifacts of a job",
    (repo, page) => repo.findArtifacts({ ...page, job_id: "j" }),
    timeAndId,
    "artifacts",
    "artifacts_by_job",
  ],
  ["jobs", (repo, page) => repo.listJobs(page), id, "jobs", primary],
  [
    "jobs of a workflow",
    (repo, page) => repo.listJobs({ ...page, workflow_id: "w" }),
    id,
    "jobs",
    "jobs_by_workflow",
  ],
  [
    "jobs of a parent",
    (repo, page) => repo.listJobs({ ...page, parent_id: "j" }),
    id,
    "jobs",
    "jobs_by_parent",
  ],
  ["running jobs", (repo, page) => repo.listJobs({ ...page, status: "running" }), id, "jobs", "jobs_running"],
  ["failed jobs", (repo, page) => repo.listJobs({ ...page, status: "failed" }), id, "jobs", "jobs_failed"],
  [
    "cancelled jobs",
    (repo, page) => repo.listJobs({ ...page, status: "cancelled" }),
    id,
    "jobs",
    "jobs_cancelled",
  ],
  ["succeeded jobs", (repo, page) => repo.listJobs({ ...page, status: "succeeded" }), id, "jobs", primary],
];

const pages = lists.flatMap(([name, ask, cursor, table, index]) =>
  (["asc", "desc"] as const).flatMap((order) =>
    [undefined, cursor].map((at) => ({
      name,
      ask,
      order,
      place: at === undefined ? "first" : "next",
      page: { order, ...(at === undefined ? {} : { cursor: at }) },
      index: index.replace("%s", table),
    })),
  ),
);

it.each(pages)(
  "reads the $place page of $name ($order) in the order of $index",
  async ({ ask, page, index }) => {
    const { repo, plan } = await explainingRepo();
    await ask(repo, page);
    expect(plan()).toMatch(new RegExp(`^(SEARCH|SCAN) \\w+ USING (COVERING )?INDEX ${index}( \\(.*\\))?$`));
  },
);

const single: readonly (readonly [string, Ask, RegExp])[] = [
  [
    "getEntity",
    (repo) => repo.getEntity("e"),
    /^SEARCH entities USING INDEX sqlite_autoindex_entities_1 \(id=\?\)$/,
  ],
  [
    "getEntityByOrigin",
    (repo) => repo.getEntityByOrigin("s", "x"),
    /^SEARCH entities USING INDEX entities_by_origin \(source=\? AND external_id=\?\)$/,
  ],
  [
    "getEvent",
    (repo) => repo.getEvent("v"),
    /^SEARCH events USING INDEX sqlite_autoindex_events_1 \(id=\?\)$/,
  ],
  [
    "getArtifact",
    (repo) => repo.getArtifact("a"),
    /^SEARCH artifacts USING INDEX sqlite_autoindex_artifacts_1 \(id=\?\)$/,
  ],
  ["getJob", (repo) => repo.getJob("j"), /^SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 \(id=\?\)$/],
  [
    "getJobByKey",
    (repo) => repo.getJobByKey("w", "k"),
    /^SEARCH jobs USING INDEX jobs_by_key \(workflow_id=\? AND idempotency_key=\?\)$/,
  ],
  [
    "getDomainEvent",
    async (repo) => {
      const { items } = await repo.listDomainEvents({ limit: 1 });
      expect(await repo.getDomainEvent(items[0]?.id ?? "")).toEqual(items[0]);
    },
    /^SEARCH domain_events USING INTEGER PRIMARY KEY \(rowid=\?\)$/,
  ],
  [
    "listDomainEvents",
    (repo) => repo.listDomainEvents({ after: 7 }),
    /^SEARCH domain_events USING INTEGER PRIMARY KEY \(rowid>\?\)$/,
  ],
  [
    "listDomainEvents of two types",
    (repo) => repo.listDomainEvents({ types: ["a", "b"] }),
    /^SEARCH domain_events USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)$/,
  ],
  [
    "listDomainEvents about one aggregate",
    (repo) => repo.listDomainEvents({ aggregate_id: "a" }),
    /^SEARCH domain_events USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)$/,
  ],
  [
    "listDomainEvents of a type, after the last event",
    (repo) => repo.listDomainEvents({ types: ["a"], after: 1_000_000 }),
    /^SEARCH domain_events USING INTEGER PRIMARY KEY \(rowid>\?\); SEARCH domain_events$/,
  ],
  ["lastDomainEventSeq", (repo) => repo.lastDomainEventSeq(), /^SEARCH domain_events$/],
  [
    "listJournal",
    (repo) => repo.listJournal({ after: 7 }),
    /^SEARCH journal USING INTEGER PRIMARY KEY \(rowid>\?\)$/,
  ],
  [
    "listRefusedCommands",
    (repo) => repo.listRefusedCommands({ after: 7 }),
    /^SEARCH refused_commands USING INTEGER PRIMARY KEY \(rowid>\?\)$/,
  ],
  [
    "listReadyJobs of one workflow",
    (repo) => repo.listReadyJobs({ workflow_ids: ["w"], now: "3", limit: 1 }),
    /^SEARCH jobs USING INDEX jobs_ready \(workflow_id=\? AND priority=\? AND run_at<\?\)$/,
  ],
  [
    "listReadyJobs of three workflows",
    (repo) => repo.listReadyJobs({ workflow_ids: ["x", "y", "w"], now: "3", limit: 1 }),
    /^SEARCH jobs USING INDEX jobs_ready \(workflow_id=\? AND priority=\? AND run_at<\?\)$/,
  ],
];

it.each(single)("%s finds its rows by their index", async (_, ask, expected) => {
  const { repo, plan } = await explainingRepo();
  await ask(repo, {});
  expect(plan()).toMatch(expected);
});

it("listReadyJobs finds the next lower priority by its index", async () => {
  const { repo, plan } = await explainingRepo();
  await repo.listReadyJobs({ workflow_ids: ["w"], now: "3", limit: 2 });
  expect(plan()).toBe("SEARCH jobs USING COVERING INDEX jobs_ready (workflow_id=? AND priority<?)");
});

it("job.markDue finds the delayed jobs of a workflow by their index", async () => {
  const { path } = await openStore();
  const database = openRaw(path, { readonly: true });
  onTestFinished(() => void database.close());
  const { sql } = markDueJobs.compiled();
  const values = Array.from({ length: sql.split("?").length - 1 }, () => "1");
  const steps = database.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(...values);
  expect(steps.map(({ detail }) => detail).join("; ")).toMatch(
    /^SEARCH jobs USING (COVERING )?INDEX sqlite_autoindex_jobs_1 \(id=\?\); LIST SUBQUERY \d+; SEARCH jobs USING (COVERING )?INDEX jobs_delayed_in_groups \(workflow_id=\? AND run_at<\?\)$/,
  );
});

it("reads the queued jobs in key order, or sorts those of their own small index", async () => {
  const { repo, plan } = await explainingRepo();
  await repo.listJobs({ status: "queued" });
  expect(plan()).toMatch(
    /^(SCAN jobs USING INDEX sqlite_autoindex_jobs_1|SCAN jobs USING INDEX jobs_ready; USE TEMP B-TREE FOR ORDER BY)$/,
  );
});

it.each(["queued", "running", "failed", "succeeded", "cancelled"] as const)(
  "never sorts the jobs of one workflow that are %s",
  async (status) => {
    const { repo, plan } = await explainingRepo();
    await repo.listJobs({ status, workflow_id: "w" });
    expect(plan()).not.toContain("TEMP B-TREE");
  },
);

it.each([
  ["starts", startJobs],
  ["ends", succeedJobs],
])("job.updateStatusMany %s each job by its id, however many jobs there are", async (_, statement) => {
  const { path } = await openStore();
  const database = openRaw(path, { readonly: true });
  onTestFinished(() => void database.close());
  const { sql } = statement.compiled();
  const values = Array.from({ length: sql.split("?").length - 1 }, () => "{}");
  const steps = database.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(...values);
  expect(steps.map(({ detail }) => detail).filter((detail) => /\bjobs\b/.test(detail))).toEqual([
    "SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (id=?)",
  ]);
});
