import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import type { SqliteDatabase } from "../file/driver.ts";
import { bookkeepingTables } from "../model/bookkeeping.ts";
import { readCounters } from "../writing/counters.ts";

/** What a table holds, in short. */
interface TableDigest {
  readonly rows: number;
  /** SHA-256 of the table's columns and rows, in hexadecimal. */
  readonly digest: string;
}

/** What a database holds, in short: equal digests mean equal rows, byte for byte. */
export interface DatabaseDigest {
  readonly store_id: string;
  /** The number of the last command that is applied in it. */
  readonly last_seq: number;
  /** Over the tables of all modules, without the store's bookkeeping. */
  readonly digest: string;
  /** Every table of a module, by name. */
  readonly tables: Readonly<Record<string, TableDigest>>;
  /** Rows of the store's own tables: they are counted, not compared. */
  readonly bookkeeping: Readonly<Record<string, number>>;
  /** SHA-256 of the file itself, in hexadecimal, which covers the bookkeeping too. Only of a copy that nobody writes. */
  readonly file_digest?: string;
}

// Characters that are hashed together: enough to make few calls, and little memory however large the rows are.
const HASHED_AT_ONCE = 1024 * 1024;

/**
 * Reads a whole database in one snapshot. Rows are taken in the order of their primary key, so that where they lie in the
 * file makes no difference.
 */
export function digestOf(database: SqliteDatabase): DatabaseDigest {
  // Not the inner tables of a full-text table: what lies where in them depends on where batches ended.
  const names = database
    .prepare<[], string>(
      "select name from pragma_table_list where schema = 'main' and type in ('table', 'virtual') and name not like 'sqlite\\_%' escape '\\' order by name",
    )
    .pluck()
    .all();
  const tables: Record<string, TableDigest> = {};
  const bookkeeping: Record<string, number> = {};
  const whole = createHash("sha256");
  for (const name of names) {
    if (bookkeepingTables.has(name)) {
      bookkeeping[name] = Number(database.prepare(`select count(*) from "${name}"`).pluck().get());
    } else {
      const table = tableDigest(database, name);
      tables[name] = table;
      whole.update(`${name}:${table.digest}\n`);
    }
  }
  return {
    store_id: String(database.prepare("select id from store").pluck().get()),
    last_seq: readCounters(database).nextCommand - 1,
    digest: whole.digest("hex"),
    tables,
    bookkeeping,
  };
}

const BYTES_AT_ONCE = 1024 * 1024;

/** SHA-256 of a file that nobody writes, in hexadecimal. It reads 1 MiB at a time. */
export function fileDigest(path: string): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(BYTES_AT_ONCE);
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

interface Column {
  readonly name: string;
  readonly pk: number;
}

function tableDigest(database: SqliteDatabase, name: string): TableDigest {
  const columns = database
    .prepare<[string], Column>("select name, pk from pragma_table_info(?) order by cid")
    .all(name);
  const keys = columns.filter(({ pk }) => pk > 0).sort((left, right) => left.pk - right.pk);
  const list = (some: readonly Column[]): string => some.map((column) => `"${column.name}"`).join(", ");
  const rows = database
    .prepare<[], unknown[]>(
      `select ${list(columns)} from "${name}" order by ${list(keys.length > 0 ? keys : columns)}`,
    )
    .raw();

  const hash = createHash("sha256").update(`${list(columns)}\n`);
  let count = 0;
  let text = "";
  for (const row of rows.iterate()) {
    text += `${JSON.stringify(row)}\n`;
    count += 1;
    if (text.length >= HASHED_AT_ONCE) {
      hash.update(text);
      text = "";
    }
  }
  return { rows: count, digest: hash.update(text).digest("hex") };
}
