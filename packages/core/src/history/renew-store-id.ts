import type { SqliteDatabase } from "../file/driver.ts";
import { newStoreId } from "../file/store-id.ts";
import { inTransaction } from "../file/transaction.ts";
import { readCounters } from "../writing/counters.ts";

/**
 * Gives a database that goes its own way from here a new id, so that its next events do not share ids with those that the other one
 * goes on to write. Events up to the last one that it counted keep theirs. Nobody else may have the database open.
 */
export function renewStoreId(database: SqliteDatabase): void {
  inTransaction(database, () => {
    const last = readCounters(database).nextEvent - 1;
    const id =
      database
        .prepare("select id from store_earlier_ids where through_seq >= ? order by through_seq limit 1")
        .pluck()
        .get(last) ?? database.prepare("select id from store").pluck().get();
    // A replay may end before events that an earlier id was for.
    database.prepare("delete from store_earlier_ids where through_seq >= ?").run(last);
    if (last > 0)
      database.prepare("insert into store_earlier_ids (through_seq, id) values (?, ?)").run(last, id);
    database.prepare("update store set id = ?").run(newStoreId());
  });
}

interface EarlierId {
  readonly through_seq: number;
  readonly id: string;
}

/** Gives `to` the ids that `from` has and had, so that commands that name events by them find these. */
export function copyStoreIds(from: SqliteDatabase, to: SqliteDatabase): void {
  const earlier = from.prepare<[], EarlierId>("select through_seq, id from store_earlier_ids").all();
  const insert = to.prepare("insert into store_earlier_ids (through_seq, id) values (?, ?)");
  inTransaction(to, () => {
    to.exec("delete from store_earlier_ids");
    for (const { through_seq, id } of earlier) insert.run(through_seq, id);
    to.prepare("update store set id = ?").run(from.prepare("select id from store").pluck().get());
  });
}
