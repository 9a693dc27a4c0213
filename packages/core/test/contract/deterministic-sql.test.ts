import { sql } from "kysely";
import { expect, it } from "vitest";
import { planOf, query, statement } from "../../src/index.ts";
import type { FinopsTables } from "../support/finops.ts";

type Cost = FinopsTables["finops_cost"];

const updating = (value: ReturnType<typeof sql<string>>) => () =>
  statement<FinopsTables, Cost>((db, p) =>
    db.updateTable("finops_cost").set({ at: value }).where("id", "=", p.id),
  );

it.each([
  ["random()", sql<string>`random()`, "draw the number in prepare"],
  ["randomblob()", sql<string>`hex(RandomBlob (4))`, "draw the number in prepare"],
  ["datetime('now')", sql<string>`datetime('now')`, "take the time in prepare"],
  ["'NOW'", sql<string>`strftime('%s', 'NOW')`, "take the time in prepare"],
  ["a bound 'now'", sql<string>`date(${"now"})`, "take the time in prepare"],
  ["a clock without a time", sql<string>`unixepoch()`, "take the time in prepare"],
  ["a format without a time", sql<string>`strftime('%Y')`, "take the time in prepare"],
  ["current_timestamp", sql<string>`CURRENT_TIMESTAMP`, "take the time in prepare"],
  ["last_insert_rowid()", sql<string>`last_insert_rowid()`, "use ids that the command brings"],
])("refuses %s in a statement when it is defined, and says what to do instead", (_, value, advice) => {
  expect(updating(value)).toThrow(TypeError);
  expect(updating(value)).toThrow(advice);
  expect(updating(value)).toThrow('The statement: update "finops_cost"');
});

it.each(["rollback", "fail"] as const)(
  "refuses OR %s, which takes more than its own command with it",
  (resolution) => {
    const inserting = () =>
      statement<FinopsTables, Cost>((db, p) => {
        const insert = db.insertInto("finops_cost").values(p.columns(["id", "job_id", "microusd", "at"]));
        return resolution === "rollback" ? insert.orRollback() : insert.orFail();
      });
    expect(inserting).toThrow("use ON CONFLICT");
  },
);

it.each([
  ["times of rows", sql<string>`datetime("at", '+1 day')`],
  ["such words in a text", sql<string>`'random() or rollback; datetime()'`],
  ["such words in a name", sql<string>`"current_timestamp"`],
  ["now as a mere word", sql<string>`'now'`],
])("takes %s", (_, value) => {
  expect(updating(value)).not.toThrow();
});

it("refuses a query of a handler that reads the clock, and takes it elsewhere", () => {
  const recent = query<FinopsTables>()((db) =>
    db.selectFrom("finops_cost").select("id").where("at", ">", sql<string>`datetime('now', '-1 day')`),
  );
  const requiring = () =>
    planOf<object, FinopsTables>(
      (_, change) => change.require(recent, {}, { refuse: "NO", message: "No." }),
      {},
    );
  expect(requiring).toThrow("take the time in prepare");
  // Not only the first time.
  expect(requiring).toThrow("take the time in prepare");
  expect(recent.compiled().sql).toContain("datetime('now'");
});
