import { sql } from "kysely";
import { expect, it } from "vitest";
import { lazyStatement, statement } from "../../src/contract/statement.ts";
import type { FinopsTables } from "../support/finops.ts";

it("compiles a statement when it is first asked for its SQL, and once", () => {
  let built = 0;
  const remove = lazyStatement<FinopsTables, { id: string }>((db, p) => {
    built += 1;
    return db.deleteFrom("finops_cost").where("id", "=", p.id);
  });
  remove.with({ id: "c1" });
  expect(built).toBe(0);
  const first = remove.compiled();
  expect(first).toEqual({ sql: 'delete from "finops_cost" where "id" = ?', order: ["id"] });
  expect(remove.compiled()).toBe(first);
  expect(built).toBe(1);
});

it("refuses what a replay could not repeat before it can run, each time", () => {
  const indeterminate = lazyStatement<FinopsTables, { id: string }>((db, p) =>
    db.deleteFrom("finops_cost").where("id", "=", p.id).where(sql<boolean>`random() > 0`),
  );
  expect(() => indeterminate.compiled()).toThrow(TypeError);
  expect(() => indeterminate.compiled()).toThrow("random()");
});

it("is compiled at once where a host defines it", () => {
  let built = 0;
  statement<FinopsTables, { id: string }>((db, p) => {
    built += 1;
    return db.deleteFrom("finops_cost").where("id", "=", p.id);
  });
  expect(built).toBe(1);
});
