import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { openTested } from "../../../../test/support/test-driver.ts";
import { type Connection, createConnection } from "../../src/file/connection.ts";
import { migrate } from "../../src/file/migrate.ts";
import { openWriting } from "../../src/file/sqlite.ts";
import { inTransaction } from "../../src/file/transaction.ts";
import { digestOf } from "../../src/history/digest.ts";
import { replay } from "../../src/history/replay.ts";
import { type CoreEvents, type CoreModule, coreModule, type EventOf, jsonObject } from "../../src/index.ts";
import type { GoldenJournal } from "../golden/golden-journal.ts";
import { databasePath } from "../support/temporary-folder.ts";

const columns = [
  "seq",
  "command_id",
  "type",
  "payload",
  "actor",
  "cause",
  "enqueued_at",
  "context",
] as const satisfies readonly (keyof GoldenJournal["journal"][number])[];

/** Replays a journal that was written once into an empty database of the present schema. */
async function replayed({ journal: rows, store_id }: GoldenJournal): Promise<Connection> {
  const open = openTested;
  const empty = (): Connection => {
    const path = databasePath();
    const database = openWriting(open, path, "off");
    onTestFinished(() => void database.close());
    const now = "2026-11-21T09:00:00.000Z";
    migrate(database, { path, modules: [coreModule], now, newStoreId: () => store_id });
    return createConnection(database);
  };
  const [journal, into] = [empty(), empty()];
  const insert = journal.database.prepare(
    `insert into journal (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`,
  );
  inTransaction(journal.database, () => {
    for (const row of rows) insert.run(...columns.map((column) => row[column] ?? null));
  });
  const result = await replay({
    journal,
    into,
    modules: [coreModule],
    after: 0,
    through: rows.length,
    keepJournal: false,
    signal: new AbortController().signal,
  });
  expect(result).toEqual({ status: "complete", commands: rows.length });
  return into;
}

function readGolden(version: number): GoldenJournal {
  return JSON.parse(
    readFileSync(new URL(`../golden/core-${version}.json`, import.meta.url), "utf8"),
  ) as GoldenJournal;
}

// The compiler compares it with what core declares.
const jobMoved = { attempt: z.int().exactOptional(), error: jsonObject.exactOptional() };
const declared: { readonly [Type in keyof CoreEvents]: z.ZodType<EventOf<CoreModule, Type>["payload"]> } = {
  "job.created": z.strictObject({ workflow_id: z.string(), run_at: z.string().exactOptional() }),
  "job.started": z.strictObject(jobMoved),
  "job.requeued": z.strictObject({ ...jobMoved, run_at: z.string().exactOptional() }),
  "job.succeeded": z.strictObject(jobMoved),
  "job.failed": z.strictObject(jobMoved),
  "job.cancelled": z.strictObject(jobMoved),
  "artifact.created": z.strictObject({ type: z.string(), job_id: z.string().exactOptional() }),
  "artifact.updated": z.record(z.string(), z.never()),
  "artifact.deleted": z.strictObject({ job_id: z.string().exactOptional() }),
  "entity.upserted": z.strictObject({ type: z.string() }),
  "entity.deleted": z.strictObject({ type: z.string() }),
  "event.inserted": z.strictObject({ type: z.string(), entity_id: z.string().exactOptional() }),
};

describe("the golden journal of this version", () => {
  const golden = readGolden(coreModule.version);

  it("still makes the same rows: else core's version has to be bumped", async () => {
    const { database } = await replayed(golden);
    expect(digestOf(database)).toMatchObject({ digest: golden.digest, last_seq: golden.journal.length });
  });

  it("has an entry of every command", () => {
    expect([...new Set(golden.journal.map(({ type }) => type))].sort()).toEqual(
      Object.keys(coreModule.commands).sort(),
    );
  });

  it("emits every event that core declares, as it is declared, and no other", async () => {
    const { database } = await replayed(golden);
    // Those types are the host's.
    const byHost = new Set(
      golden.journal.filter(({ type }) => type === "domainEvent.emit").map(({ seq }) => seq),
    );
    const emitted = database
      .prepare<
        [],
        { type: keyof CoreEvents; aggregate_id: string | null; payload: string; command_seq: number }
      >("select type, aggregate_id, payload, command_seq from domain_events")
      .all()
      .filter(({ command_seq }) => !byHost.has(command_seq));
    for (const { type, aggregate_id, payload } of emitted) {
      expect(declared[type]?.safeParse(JSON.parse(payload)).error, `${type} ${payload}`).toBeUndefined();
      expect(aggregate_id, type).toEqual(expect.any(String));
    }
    expect([...new Set(emitted.map(({ type }) => type))].sort()).toEqual(Object.keys(declared).sort());
  });

  it("has calls with a context and jobs with a depth", async () => {
    expect(golden.journal.some(({ context }) => context !== null)).toBe(true);
    const { database } = await replayed(golden);
    const depths = database.prepare("select depth from jobs where created_seq > 0").pluck().all();
    expect(depths).toContain(2);
  });
});

/** Removes the columns that came later, so that what is left can be compared byte by byte. */
function dropColumns(
  database: Connection["database"],
  dropped: readonly (readonly [string, readonly string[]])[],
): void {
  for (const index of ["jobs_ready_by_group", "jobs_delayed_in_groups"]) database.exec(`drop index ${index}`);
  for (const [table, columns] of dropped)
    for (const column of columns) database.exec(`alter table ${table} drop column ${column}`);
}

it("makes of a journal of version 1 the rows that it made then, but for the columns that came later", async () => {
  const golden = readGolden(1);
  const { database } = await replayed(golden);
  dropColumns(database, [
    ["domain_events", ["context"]],
    ["jobs", ["context", "deadline_at", "created_seq", "depth", "group_key"]],
  ]);
  expect(digestOf(database)).toMatchObject({ digest: golden.digest, last_seq: golden.journal.length });
});

it.each([2, 3])(
  "makes of a journal of version %i the rows that it made then, but for the column that came later",
  async (version) => {
    const golden = readGolden(version);
    const { database } = await replayed(golden);
    dropColumns(database, [["jobs", ["group_key"]]]);
    expect(digestOf(database)).toMatchObject({ digest: golden.digest, last_seq: golden.journal.length });
  },
);
