import { expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { createConnection } from "../../src/file/connection.ts";
import { statement } from "../../src/index.ts";

interface Tables {
  pairs: { first: string; second: string };
}

const insertPair = statement<Tables, Tables["pairs"]>((db, p) =>
  db.insertInto("pairs").values({ first: p.first, second: p.second }),
);

function openPairs() {
  const database = openRaw(":memory:");
  onTestFinished(() => void database.close());
  database.exec("create table pairs (first, second)");
  return createConnection(database);
}

it("binds each value where its name stands, and prepares a statement once", () => {
  const connection = openPairs();
  const prepared = connection.prepared(insertPair);
  expect(connection.prepared(insertPair)).toBe(prepared);
  expect(prepared.run({ second: "b", first: "a" })).toBe(1);
  expect(connection.database.prepare("select * from pairs").all()).toEqual([{ first: "a", second: "b" }]);
});

it("refuses a list as a value instead of binding what is in it", () => {
  const connection = openPairs();
  expect(() => connection.prepared(insertPair).run({ first: ["a"], second: "b" })).toThrow(TypeError);
  expect(() => connection.prepared(insertPair).run({ first: ["a", "b"] })).toThrow(TypeError);
  expect(connection.database.prepare("select * from pairs").all()).toEqual([]);
});
