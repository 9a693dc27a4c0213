import { createHash } from "node:crypto";
import { findIndeterminate } from "../contract/deterministic-sql.ts";
import { CoreError } from "../contract/errors.ts";
import type { Migration, StoreModule } from "../contract/module.ts";
import { createSqlBuilder } from "../contract/statement.ts";
import { bookkeeping } from "./bookkeeping-schema.ts";
import type { SqliteDatabase } from "./driver.ts";
import { checkReferences } from "./references.ts";
import { APPLICATION_ID } from "./sqlite.ts";
import { troubleKind } from "./storage-trouble.ts";
import { inTransaction } from "./transaction.ts";

/** What the migrations of a module look like to the runner. */
type Migrated = Pick<StoreModule, "name" | "migrations">;

/** A migration as SQL. */
export interface CompiledMigration {
  readonly module: string;
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

/** What has to be done to a database before these modules can use it. */
export interface MigrationPlan {
  /** What is not applied yet, in order. */
  readonly pending: readonly CompiledMigration[];
  /** True when Atlas has used the database before. */
  readonly isUsed: boolean;
}

/**
 * Compares the database with these modules and changes nothing. Throws `ATLAS_CORE_DATABASE_NEWER` or
 * `ATLAS_CORE_MIGRATION_EDITED`.
 */
export function planMigrations(
  database: SqliteDatabase,
  options: { readonly path: string; readonly modules: readonly StoreModule[] },
): MigrationPlan {
  const modules: readonly Migrated[] = [bookkeeping, ...options.modules];
  const migrations = modules.flatMap(compileMigrations);
  const applied = appliedMigrations(database);
  for (const row of applied) checkApplied(row, { path: options.path, modules, migrations });
  const done = new Set(applied.map((row) => nameOf(row)));
  return {
    pending: migrations.filter((migration) => !done.has(nameOf(migration))),
    isUsed: applied.length > 0 && database.prepare("select 1 from store").get() !== undefined,
  };
}

/**
 * Brings the database to the schema of these modules. All pending migrations run in one transaction, in the order of the modules
 * and of their names, with the rows that remember them: a failure leaves the schema, and the copy that was made of it, as they
 * were. Throws as {@link planMigrations} does, before anything is changed, or `ATLAS_CORE_MIGRATION_FAILED`.
 */
export function migrate(
  database: SqliteDatabase,
  options: {
    readonly path: string;
    readonly modules: readonly StoreModule[];
    readonly now: string;
    readonly newStoreId: () => string;
  },
): void {
  const { pending } = planMigrations(database, options);
  if (pending.length > 0) {
    const applyAll = (): void => {
      for (const migration of pending) apply(database, migration, options.now);
    };
    inTransaction(database, applyAll, "begin immediate");
  }
  database
    .prepare(
      "insert into store (only, id, next_command_seq, next_event_seq) values (1, ?, 1, 1) on conflict (only) do nothing",
    )
    .run(options.newStoreId());
}

interface AppliedRow {
  readonly module: string;
  readonly name: string;
  readonly checksum: string;
}

function appliedMigrations(database: SqliteDatabase): readonly AppliedRow[] {
  const known = database.prepare("select 1 from sqlite_master where name = 'schema_migrations'").get();
  if (known === undefined) return [];
  return database.prepare<[], AppliedRow>("select module, name, checksum from schema_migrations").all();
}

function checkApplied(
  row: AppliedRow,
  ours: {
    readonly path: string;
    readonly modules: readonly Migrated[];
    readonly migrations: readonly CompiledMigration[];
  },
): void {
  const { module, name: migration } = row;
  const known = ours.migrations.find((candidate) => nameOf(candidate) === nameOf(row));
  if (known === undefined) {
    // Tables of a module that is not installed now are left alone.
    if (!ours.modules.some((candidate) => candidate.name === module)) return;
    throw new CoreError(
      "ATLAS_CORE_DATABASE_NEWER",
      { path: ours.path, module, migration },
      `The database "${ours.path}" was written by a newer version: migration "${migration}" of module "${module}" is not installed here. Update Atlas and its modules.`,
    );
  }
  if (known.checksum !== row.checksum) {
    throw new CoreError(
      "ATLAS_CORE_MIGRATION_EDITED",
      { module, migration },
      `Migration "${migration}" of module "${module}" was changed after it was applied to this database. Restore its text and put the change into a new migration.`,
    );
  }
}

function apply(database: SqliteDatabase, migration: CompiledMigration, now: string): void {
  const { module, name, checksum, statements } = migration;
  try {
    database.exec(
      "create table if not exists schema_migrations (module text not null, name text not null, checksum text not null, applied_at text not null, primary key (module, name))",
    );
    database.pragma(`application_id = ${APPLICATION_ID}`);
    for (const statement of statements) {
      checkTable(statement);
      database.exec(statement);
    }
    checkReferences(database);
    database
      .prepare("insert into schema_migrations (module, name, checksum, applied_at) values (?, ?, ?, ?)")
      .run(module, name, checksum, now);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = troubleKind(cause) === undefined ? "Correct it" : "Check the disk";
    throw new CoreError(
      "ATLAS_CORE_MIGRATION_FAILED",
      { module, migration: name },
      `Migration "${name}" of module "${module}" failed: ${reason}. The database was not changed. ${advice} and start again.`,
      { cause },
    );
  }
}

/** What every later row of a table would bring along: commands that end others, and values that a replay could not repeat. */
function checkTable(statement: string): void {
  // A row that violates such a constraint takes the commands of others with it, or leaves half of its own behind.
  const [words] = /\bon\s+conflict\s+(?:rollback|fail)\b/i.exec(statement) ?? [];
  if (words !== undefined)
    throw new TypeError(
      `it declares "${words}", which ends more than its own command. Declare a plain constraint`,
    );
  if (!/^\s*(?:create\s+(?:table|trigger)|alter\s+table)\b/i.test(statement)) return;
  const found = findIndeterminate(statement);
  if (found !== undefined)
    throw new TypeError(
      `it declares "${found.words}", and a replay of the journal would not give the same rows. Instead, ${found.advice} of the command and store it`,
    );
}

const builder = createSqlBuilder<unknown>();

// An opening needs them three times: to look for what is pending, to apply that, and for the fingerprint of an epoch.
const compiledBefore = new WeakMap<Migrated, readonly CompiledMigration[]>();

/** The migrations of a module, in order, as SQL. */
export function compileMigrations(of: Migrated): readonly CompiledMigration[] {
  const { name: module, migrations } = of;
  const before = compiledBefore.get(of);
  if (before !== undefined) return before;
  const compiled = Object.keys(migrations)
    .sort()
    .map((name) => {
      const statements = (migrations[name] as Migration)(builder).map((statement) => statement.compile().sql);
      const checksum = createHash("sha256").update(JSON.stringify(statements)).digest("hex");
      return { module, name, checksum, statements };
    });
  compiledBefore.set(of, compiled);
  return compiled;
}

function nameOf({ module, name }: { readonly module: string; readonly name: string }): string {
  return `${module}/${name}`;
}
