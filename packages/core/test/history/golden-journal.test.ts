import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Connection, createConnection } from "../../src/file/connection.ts";
import { migrate } from "../../src/file/migrate.ts";
import { loadSqlite, openWriting } from "../../src/file/sqlite.ts";
import { digestOf } from "../../src/history/digest.ts";
import { replay } from "../../src/history/replay.ts";
import { coreModule } from "../../src/index.ts";
import type { GoldenJournal } from "../golden/golden-journal.ts";
import { databasePath } from "../support/temporary-folder.ts";

/** Replays a journal that was written once into an empty database of the present schema. */
async function replayed({ journal: rows, store_id }: GoldenJournal): Promise<Connection> {
  const open = await loadSqlite();
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
    "insert into journal (seq, command_id, type, payload, actor, cause, enqueued_at, context) values (@seq, @command_id, @type, @payload, @actor, @cause, @enqueued_at, @context)",
  );
  journal.database.transaction(() => {
    for (const row of rows) insert.run({ ...row, context: row.context ?? null });
  })();
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

  it("has calls with a context and jobs with a depth", async () => {
    expect(golden.journal.some(({ context }) => context !== null)).toBe(true);
    const { database } = await replayed(golden);
    const depths = database.prepare("select depth from jobs where created_seq > 0").pluck().all();
    expect(depths).toContain(2);
  });
});

it("makes of a journal of version 1 the rows that it made then, but for the columns that came later", async () => {
  const golden = readGolden(1);
  const { database } = await replayed(golden);
  for (const [table, columns] of [
    ["domain_events", ["context"]],
    ["jobs", ["context", "deadline_at", "created_seq", "depth"]],
  ] as const) {
    for (const column of columns) database.exec(`alter table ${table} drop column ${column}`);
  }
  expect(digestOf(database)).toMatchObject({ digest: golden.digest, last_seq: golden.journal.length });
});

it("makes of a journal of version 2 the rows that it made then", async () => {
  const golden = readGolden(2);
  const { database } = await replayed(golden);
  expect(digestOf(database)).toMatchObject({ digest: golden.digest, last_seq: golden.journal.length });
});
