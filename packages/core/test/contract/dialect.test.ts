import Sqlite from "better-sqlite3";
import fc from "fast-check";
import {
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type SqlBool,
  sql,
} from "kysely";
import { expect, it } from "vitest";
import { sqliteDialect } from "../../src/contract/sqlite-dialect.ts";
import { query, type SqlDialect, statement } from "../../src/index.ts";
import { planCommand } from "../../src/intake/planned-command.ts";
import { anyCommand } from "../support/any-command.ts";
import { openWriterBench } from "../support/writer-bench.ts";

// Another engine's words, to see that statements are not bound to those of SQLite. Nothing runs them.
const postgres: SqlDialect = {
  name: "postgres",
  kysely: {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
  spelling: {
    differs: (left, right) => sql<SqlBool>`${left} is distinct from ${right}`,
    isSame: (left, right) => sql<SqlBool>`${left} is not distinct from ${right}`,
    textsOf: (array, name) =>
      sql<{ value: string }>`(select * from json_array_elements_text(${array}::json) as value)`.as(name),
    numbersOf: (object, name) =>
      sql<{ key: string; value: number }>`(select key, value::int from json_each_text(${object}::json))`.as(
        name,
      ),
  },
};

interface Tables {
  pair: { id: string; title: string | null };
}

const retitle = statement<Tables, Tables["pair"]>((db, p, { differs }) =>
  db
    .updateTable("pair")
    .set({ title: p.title })
    .where("id", "=", p.id)
    .where(({ ref }) => differs(ref("title"), p.title)),
);

it("compiles a statement in the words of each engine, with the same values in the same order", () => {
  expect(retitle.compiled()).toEqual({
    sql: 'update "pair" set "title" = ? where "id" = ? and "title" is not ?',
    order: ["title", "id", "title"],
  });
  expect(retitle.compiled(postgres)).toEqual({
    sql: 'update "pair" set "title" = $1 where "id" = $2 and "title" is distinct from $3',
    order: ["title", "id", "title"],
  });
});

it("compiles once for each engine, and for SQLite if none is named", () => {
  expect(retitle.compiled()).toBe(retitle.compiled(sqliteDialect));
  expect(retitle.compiled(postgres)).toBe(retitle.compiled(postgres));
  expect(retitle.compiled(postgres)).not.toBe(retitle.compiled());
});

it("has no words of SQLite alone in the steps of any command of core", async () => {
  const { unit } = await openWriterBench();
  const seen = new Set<string>();
  for (const command of fc.sample(
    anyCommand(() => "lab00000"),
    { numRuns: 500, seed: 1 },
  )) {
    for (const queued of unit([command]).commands) {
      for (const { alternatives } of planCommand(queued).plan.steps) {
        for (const { statement: step } of alternatives) {
          const { sql: text, order } = step.compiled(postgres);
          expect(order).toEqual(step.compiled().order);
          // `is` and `is not` compare with null alone, and with nothing else.
          expect(text).not.toMatch(/\?|\bis (?!null\b|not null\b|(?:not )?distinct from\b)/);
          expect(text).not.toMatch(/\b(?:insert or|rowid|json_each|json_extract|ifnull|iif)\b/);
          seen.add(text);
        }
      }
    }
  }
  expect(seen.size).toBeGreaterThan(10);
});

it("compares in SQLite as it says: null is a value like any other", () => {
  const compared = query<Tables, { left: string | null; right: string | null }>()((db, p, spelling) =>
    db.selectNoFrom([
      sql<number>`${spelling.differs(p.left, p.right)}`.as("differs"),
      sql<number>`${spelling.isSame(p.left, p.right)}`.as("isSame"),
    ]),
  );
  const database = new Sqlite(":memory:");
  const { sql: text, order } = compared.compiled();
  const outcome = (values: Record<string, string | null>): unknown =>
    database.prepare(text).get(...order.map((name) => values[String(name)]));
  expect(outcome({ left: null, right: null })).toEqual({ differs: 0, isSame: 1 });
  expect(outcome({ left: null, right: "a" })).toEqual({ differs: 1, isSame: 0 });
  expect(outcome({ left: "a", right: "a" })).toEqual({ differs: 0, isSame: 1 });
  expect(outcome({ left: "a", right: "b" })).toEqual({ differs: 1, isSame: 0 });
  database.close();
});

it("makes rows of the texts of a JSON array", () => {
  const texts = query<Tables, { list: string }>()((db, p, { textsOf }) =>
    db.selectFrom(textsOf(p.list, "wanted")).select("wanted.value"),
  );
  const database = new Sqlite(":memory:");
  expect(database.prepare(texts.compiled().sql).all('["a","b\\"","a"]')).toEqual([
    { value: "a" },
    { value: 'b"' },
    { value: "a" },
  ]);
  database.close();
});

it("makes rows of the numbers of a JSON object", () => {
  const numbers = query<Tables, { object: string }>()((db, p, { numbersOf }) =>
    db.selectFrom(numbersOf(p.object, "wanted")).select(["wanted.key", "wanted.value"]),
  );
  const database = new Sqlite(":memory:");
  expect(database.prepare(numbers.compiled().sql).all('{"a":1,"__proto__":2}')).toEqual([
    { key: "a", value: 1 },
    { key: "__proto__", value: 2 },
  ]);
  database.close();
});
