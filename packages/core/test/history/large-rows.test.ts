import { expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { createConnection } from "../../src/file/connection.ts";
import { digestOf } from "../../src/history/digest.ts";
import { readJournal } from "../../src/history/journal.ts";
import { openStore } from "../support/open-store.ts";

// The largest commands are 4 MiB. V8 has no text of more than 512 MiB, which 500 of them joined would need.
const LARGE = 4 * 1024 * 1024;

it("reads the digest of a table of many large rows", async () => {
  const { path, stop } = await openStore();
  await stop();
  const database = openRaw(path);
  try {
    database.pragma("synchronous = off");
    database
      .prepare(
        `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 130)
         insert into entities (id, type, data, updated_at)
         select 'e' || n, 'large', printf('%.*c', ${LARGE}, 'x'), '2026-11-21T09:00:00.000Z' from numbers`,
      )
      .run();
    expect(digestOf(database).tables["entities"]?.rows).toBe(130);
  } finally {
    database.close();
  }
});

it("reads the journal in blocks of bounded size, each command once and in order", async () => {
  const { path, stop } = await openStore();
  await stop();
  const database = openRaw(path);
  try {
    const insert = database.prepare(
      "insert into journal (seq, type, payload, actor, enqueued_at) values (?, 't', printf('%.*c', ?, 'x'), 'a', 'now')",
    );
    const sizes = [10, 10, LARGE, LARGE, LARGE, 10, LARGE, 10];
    for (const [index, size] of sizes.entries()) insert.run(index + 1, size);
    const blocks = [...readJournal(createConnection(database), { after: 1, through: 7 })];
    expect(blocks.map((rows) => rows.map(({ seq }) => seq))).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
  } finally {
    database.close();
  }
});
