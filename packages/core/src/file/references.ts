import type { BookkeepingTables } from "../model/bookkeeping.ts";
import type { CoreTables } from "../model/tables.ts";
import type { SqliteDatabase } from "./driver.ts";

interface Reference {
  readonly child: string;
  readonly column: string;
  readonly parent: string;
  readonly on_delete: string;
  readonly is_required: number;
}

/**
 * Throws when a table of one module holds on to rows of another by a foreign key: pruning or removing those would fail.
 * Such a key must say what becomes of its own row, `on delete cascade` or, where the column may be null, `set null`.
 */
export function checkReferences(database: SqliteDatabase): void {
  const references = database
    .prepare<[], Reference>(
      `select child.name as child, reference."from" as "column", reference."table" as parent, reference.on_delete,
         (select "notnull" from pragma_table_info(child.name) where name = reference."from") as is_required
       from sqlite_master child, pragma_foreign_key_list(child.name) reference
       where child.type = 'table'`,
    )
    .all();
  for (const { child, column, parent, on_delete, is_required } of references) {
    if (moduleOf(child) === moduleOf(parent) || on_delete === "CASCADE") continue;
    if (on_delete === "SET NULL" && is_required === 0) continue;
    throw new TypeError(
      `the foreign key of "${child}.${column}" would prevent rows of "${parent}" from being removed. Declare it "on delete cascade", or leave the constraint out`,
    );
  }
}

// Named by their type, so that none can be forgotten.
const coreTables: Record<Exclude<keyof CoreTables, keyof BookkeepingTables>, true> = {
  entities: true,
  events: true,
  artifacts: true,
  jobs: true,
  domain_events: true,
};

/** Core's tables carry no prefix; those of another module carry its name. */
function moduleOf(table: string): string {
  return Object.hasOwn(coreTables, table) ? "core" : (table.split("_")[0] as string);
}
