import { expect, it } from "vitest";
import { openTested } from "../../../../test/support/test-driver.ts";
import { createConnection } from "../../src/file/connection.ts";
import { openReading } from "../../src/file/sqlite.ts";
import { EPOCH_COLUMNS } from "../../src/history/epoch.ts";
import { excluded, statement } from "../../src/index.ts";
import { ARTIFACT_COLUMNS } from "../../src/model/artifact.ts";
import { ENTITY_COLUMNS } from "../../src/model/entity.ts";
import { EVENT_COLUMNS } from "../../src/model/event.ts";
import { JOB_COLUMNS } from "../../src/model/job.ts";
import type { FinopsTables } from "../support/finops.ts";
import { openStore } from "../support/open-store.ts";

it.each([
  ["entities", ENTITY_COLUMNS],
  ["events", EVENT_COLUMNS],
  ["artifacts", ARTIFACT_COLUMNS],
  ["jobs", JOB_COLUMNS],
  ["epochs", EPOCH_COLUMNS],
])("lists every column of %s", async (table, columns) => {
  const store = await openStore();
  const { database } = createConnection(openReading(openTested, store.path));
  const found = database
    .prepare<[string], string>("select name from pragma_table_info(?)")
    .pluck()
    .all(table);
  database.close();
  expect([...columns].sort()).toEqual(found.sort());
});

type Cost = FinopsTables["finops_cost"];
const COLUMNS = ["id", "job_id", "microusd", "at"] as const;

it("makes the values of an insert and the assignments of its conflict from a list of columns", () => {
  const byList = statement<FinopsTables, Cost>((db, p) =>
    db
      .insertInto("finops_cost")
      .values(p.columns(COLUMNS))
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((row) => excluded(row, ["microusd", "at"])),
      ),
  );
  const byHand = statement<FinopsTables, Cost>((db, p) =>
    db
      .insertInto("finops_cost")
      .values({ id: p.id, job_id: p.job_id, microusd: p.microusd, at: p.at })
      .onConflict((conflict) =>
        conflict
          .column("id")
          .doUpdateSet((row) => ({ microusd: row.ref("excluded.microusd"), at: row.ref("excluded.at") })),
      ),
  );
  expect(byList.compiled()).toEqual(byHand.compiled());
});

it("refuses columns that the table or the values do not have", () => {
  statement<FinopsTables, Cost>((db, p) =>
    // @ts-expect-error No value is named "price".
    db.insertInto("finops_cost").values(p.columns(["id", "job_id", "microusd", "at", "price"])),
  );
  statement<FinopsTables, Cost>((db, p) =>
    // @ts-expect-error The table needs "microusd".
    db.insertInto("finops_cost").values(p.columns(["id", "job_id", "at"])),
  );
  statement<FinopsTables, Cost>((db, p) =>
    db
      .insertInto("finops_cost")
      .values(p.columns(COLUMNS))
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((row) =>
          // @ts-expect-error The table has no column "price".
          excluded(row, ["price"]),
        ),
      ),
  );
});
