import type { AliasableExpression, AliasedExpression, Dialect, Expression, SqlBool } from "kysely";

/** How one engine writes SQL: Kysely's compiler for it, and its spelling of what engines spell differently. */
export interface SqlDialect {
  /** Such as `sqlite`. */
  readonly name: string;
  readonly kysely: Pick<Dialect, "createAdapter" | "createIntrospector" | "createQueryCompiler">;
  readonly spelling: Spelling;
}

/**
 * What a statement cannot say in words that all engines share. A statement gets it as its third argument, so that it is compiled for
 * each engine in that engine's words.
 *
 * @example
 * ```ts
 * interface NoteTables { notes_note: { id: string; title: string | null } }
 * const retitle = statement<NoteTables, NoteTables["notes_note"]>((db, p, { differs }) =>
 *   db
 *     .updateTable("notes_note")
 *     .set({ title: p.title })
 *     .where("id", "=", p.id)
 *     .where(({ ref }) => differs(ref("title"), p.title)),
 * );
 * assert.match(retitle.compiled().sql, /"title" is not \?$/);
 * ```
 */
export interface Spelling {
  /** True when two values differ, where null is a value like any other: unlike `!=`, it is never null itself. */
  readonly differs: (left: Expression<unknown>, right: Expression<unknown>) => Expression<SqlBool>;
  /** True when two values are the same, null and null too. */
  readonly isSame: (left: Expression<unknown>, right: Expression<unknown>) => Expression<SqlBool>;
  /** A table with a row for each text of a JSON array: `value` is the text. */
  readonly textsOf: <Name extends string>(
    array: AliasableExpression<string>,
    name: Name,
  ) => AliasedExpression<{ value: string }, Name>;
  /** A table with a row for each field of a JSON object of whole numbers: `key` is its name, `value` the number. */
  readonly numbersOf: <Name extends string>(
    object: AliasableExpression<string>,
    name: Name,
  ) => AliasedExpression<{ key: string; value: number }, Name>;
}
