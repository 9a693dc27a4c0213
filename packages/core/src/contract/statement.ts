import type { AliasableExpression, Compilable, Expression, ExpressionBuilder, Kysely } from "kysely";
import { DummyDriver, Kysely as KyselyBuilder, sql } from "kysely";
import type { ReadonlyKysely } from "kysely/readonly";
import { checkDeterministic } from "./deterministic-sql.ts";
import type { Spelling, SqlDialect } from "./dialect.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";

/**
 * A placeholder for each value: `p.title` stands for the `title` that is given when the statement runs. `p.title.as("title")`
 * selects it as a column, as an `INSERT … SELECT` needs it.
 */
export type Placeholders<Values> = {
  readonly [Name in Exclude<keyof Values, "columns">]-?: AliasableExpression<Values[Name]>;
} & {
  /**
   * Placeholders for several values, for an insert or an update: `p.columns(["id", "title"])` is
   * `{ id: p.id, title: p.title }`. With a list per table, a new column is added in one place. A value of its own cannot be
   * named `columns`.
   *
   * @example
   * ```ts
   * const COST_COLUMNS = ["id", "job_id", "microusd", "at"] as const;
   * const upsertCost = statement<FinopsTables, FinopsTables["finops_cost"]>((db, p) =>
   *   db
   *     .insertInto("finops_cost")
   *     .values(p.columns(COST_COLUMNS))
   *     .onConflict((conflict) =>
   *       conflict.column("id").doUpdateSet((row) => excluded(row, ["job_id", "microusd", "at"])),
   *     ),
   * );
   * assert.deepEqual(upsertCost.compiled().order, ["id", "job_id", "microusd", "at"]);
   * ```
   */
  readonly columns: <const Names extends readonly (keyof Values)[]>(
    names: Names,
  ) => { readonly [Name in Names[number]]-?: AliasableExpression<Values[Name]> };
};

/**
 * The values that an upsert tried to insert, for its `doUpdateSet`: `excluded(row, ["title", "url"])` sets `title` and `url`
 * to them.
 */
export function excluded<
  Tables extends { readonly excluded: object },
  Table extends keyof Tables,
  const Names extends readonly (keyof Tables["excluded"] & string)[],
>(
  row: ExpressionBuilder<Tables, Table>,
  names: Names,
): { readonly [Name in Names[number]]: Expression<Exclude<Tables["excluded"][Name], undefined>> } {
  // By its type, `excluded` is among the tables that this builder knows.
  const columns = row as unknown as ExpressionBuilder<{ excluded: Record<string, unknown> }, "excluded">;
  const references = names.map((name) => [name, columns.ref(`excluded.${name}`)]);
  // A reference to a column has the column's type.
  return Object.fromEntries(references);
}

/** SQL text with the names of its values in the order in which they are bound. */
export interface CompiledStatement {
  readonly sql: string;
  readonly order: readonly (string | Literal)[];
}

/** A value that is part of the statement itself. */
export interface Literal {
  readonly literal: unknown;
}

declare const tablesOf: unique symbol;
declare const rowOf: unique symbol;

/** A write over `Tables`, compiled once and run with `Values`. Made by {@link statement}. */
export interface Statement<in out Tables, in Values> {
  readonly kind: "write";
  /** The SQL of this statement in a dialect, compiled once for each. Default: SQLite's. */
  readonly compiled: (dialect?: SqlDialect) => CompiledStatement;
  /** The statement with its values: one step of a handler. */
  readonly with: (values: Values) => BoundStatement<Tables>;
  readonly [tablesOf]?: (tables: Tables) => Tables;
}

/** A statement and the values to run it with. */
export interface BoundStatement<in out Tables> {
  readonly statement: ErasedStatement;
  readonly values: Readonly<Record<string, unknown>>;
  readonly [tablesOf]?: (tables: Tables) => Tables;
}

/** A read over `Tables`, compiled once and run with `Values`; each row found is a `Row`. Made by {@link query}. */
export interface Query<in out Tables, in Values, out Row> {
  readonly kind: "read";
  readonly compiled: (dialect?: SqlDialect) => CompiledStatement;
  readonly [tablesOf]?: (tables: Tables) => Tables;
  readonly [rowOf]?: (values: Values) => Row;
}

/** A statement or a query without its types. */
export interface ErasedStatement {
  readonly kind: "write" | "read";
  readonly compiled: (dialect?: SqlDialect) => CompiledStatement;
}

/**
 * Defines a write with Kysely, typed by the tables. It is compiled once for each engine and runs as a prepared statement. Use
 * only what other SQL engines have too: `ON CONFLICT` and plain columns, not `INSERT OR IGNORE`, `rowid` or `json_extract`.
 * What engines spell differently comes as the third argument, see {@link Spelling}. Throws a `TypeError` for SQL that a replay
 * could not repeat, such as `random()` and `datetime('now')`, and for `OR ROLLBACK`.
 *
 * @example
 * ```ts
 * const correctCost = statement<FinopsTables, { id: string; microusd: number }>((db, p) =>
 *   db.updateTable("finops_cost").set({ microusd: p.microusd }).where("id", "=", p.id),
 * );
 * assert.deepEqual(correctCost.compiled().order, ["microusd", "id"]);
 * ```
 */
export function statement<Tables, Values extends object>(
  build: Build<Tables, Values>,
): Statement<Tables, Values> {
  const self = lazyStatement(build);
  self.compiled();
  return self;
}

/**
 * Defines a write like {@link statement}, and compiles and checks it when it first runs. Atlas's own modules use it: a start
 * would pay for dozens of statements that this process may never run.
 */
export function lazyStatement<Tables, Values extends object>(
  build: Build<Tables, Values>,
): Statement<Tables, Values> {
  const compiled = compileOnce(build);
  const self: Statement<Tables, Values> = {
    kind: "write",
    compiled: (dialect) => {
      const text = compiled(dialect);
      checkRepeatable(text);
      return text;
    },
    with: (values) => ({ statement: self, values: values as Readonly<Record<string, unknown>> }),
  };
  return self;
}

type Build<Tables, Values> = (db: Kysely<Tables>, p: Placeholders<Values>, spelling: Spelling) => Compilable;

const repeatable = new WeakSet<CompiledStatement>();

/** Checks once that a step of a handler gives the same rows each time. A query is free to read the clock elsewhere. */
export function checkRepeatable(compiled: CompiledStatement): void {
  if (repeatable.has(compiled)) return;
  checkDeterministic(
    compiled.sql,
    compiled.order.flatMap((one) => (typeof one === "object" ? [one.literal] : [])),
  );
  repeatable.add(compiled);
}

/**
 * Defines a read with Kysely, like a {@link statement}. Tables and values are given, the row is inferred.
 *
 * @example
 * ```ts
 * const selectCost = query<FinopsTables, { job_id: string }>()((db, p) =>
 *   db.selectFrom("finops_cost").where("job_id", "=", p.job_id).select(["id", "microusd"]),
 * );
 * ```
 */
export function query<Tables, Values extends object = Record<never, never>>() {
  return <Row>(
    build: (db: ReadonlyKysely<Tables>, p: Placeholders<Values>, spelling: Spelling) => Compilable<Row>,
  ): Query<Tables, Values, Row> => ({
    kind: "read",
    // A ReadonlyKysely is a Kysely that hides its writing half, so the builder may be given the whole.
    compiled: compileOnce(build as unknown as Build<Tables, Values>),
  });
}

class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A Kysely that compiles SQL and cannot run it. */
export function createSqlBuilder<Tables>(dialect: SqlDialect = sqliteDialect): Kysely<Tables> {
  return new KyselyBuilder<Tables>({
    dialect: { ...dialect.kysely, createDriver: () => new DummyDriver() },
  });
}

const builders = new Map<SqlDialect, Kysely<unknown>>();

function builderOf(dialect: SqlDialect): Kysely<unknown> {
  const known = builders.get(dialect);
  if (known !== undefined) return known;
  const builder = createSqlBuilder<unknown>(dialect);
  builders.set(dialect, builder);
  return builder;
}

function compileOnce<Tables, Values>(
  build: Build<Tables, Values>,
): (dialect?: SqlDialect) => CompiledStatement {
  const known = new Map<SqlDialect, CompiledStatement>();
  return (dialect = sqliteDialect) => {
    const before = known.get(dialect);
    if (before !== undefined) return before;
    // The builder writes SQL and holds no rows: the tables exist in its type only.
    const builder = builderOf(dialect) as Kysely<Tables>;
    const compiled = compile((p) => build(builder, p as Placeholders<Values>, dialect.spelling));
    known.set(dialect, compiled);
    return compiled;
  };
}

function compile(build: (p: object) => Compilable): CompiledStatement {
  const placeholder = (name: string): AliasableExpression<unknown> => sql.val(new Placeholder(name));
  const columns = (names: readonly string[]): object =>
    Object.fromEntries(names.map((name) => [name, placeholder(name)]));
  const placeholders = new Proxy(
    {},
    { get: (_, name) => (name === "columns" ? columns : placeholder(String(name))) },
  );
  const { sql: text, parameters } = build(placeholders).compile();
  return {
    sql: text,
    order: parameters.map((value) => (value instanceof Placeholder ? value.name : { literal: value })),
  };
}
