import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createConnection } from "../../src/file/connection.ts";
import { migrate } from "../../src/file/migrate.ts";
import { loadSqlite, openWriting } from "../../src/file/sqlite.ts";
import { digestOf } from "../../src/history/digest.ts";
import { replay } from "../../src/history/replay.ts";
import { coreModule } from "../../src/index.ts";
import type { GoldenJournal } from "../golden/golden-journal.ts";
import { databasePath } from "../support/temporary-folder.ts";

const golden = JSON.parse(
  readFileSync(new URL(`../golden/core-${coreModule.version}.json`, import.meta.url), "utf8"),
) as GoldenJournal;

it("still makes the same rows of a journal that was written once: else core's version has to be bumped", async () => {
  const open = await loadSqlite();
  const [journal, into] = [databasePath(), databasePath()].map((path) => {
    const database = openWriting(open, path, "off");
    migrate(database, {
      path,
      modules: [coreModule],
      now: "2026-11-21T09:00:00.000Z",
      newStoreId: () => golden.store_id,
    });
    return createConnection(database);
  });
  if (journal === undefined || into === undefined) throw new Error("unreachable");
  try {
    const insert = journal.database.prepare(
      "insert into journal values (@seq, @command_id, @type, @payload, @actor, @cause, @enqueued_at)",
    );
    journal.database.transaction(() => {
      for (const row of golden.journal) insert.run(row);
    })();
    const through = golden.journal.length;
    expect(
      await replay({
        journal,
        into,
        modules: [coreModule],
        after: 0,
        through,
        keepJournal: false,
        signal: new AbortController().signal,
      }),
    ).toEqual({ status: "complete", commands: through });
    expect(digestOf(into.database)).toMatchObject({ digest: golden.digest, last_seq: through });
  } finally {
    journal.database.close();
    into.database.close();
  }
});

it("has an entry of every command", () => {
  expect([...new Set(golden.journal.map(({ type }) => type))].sort()).toEqual(
    Object.keys(coreModule.commands).sort(),
  );
});
