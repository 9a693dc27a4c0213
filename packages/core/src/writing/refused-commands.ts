import type { CoreError } from "../contract/errors.ts";
import { fingerprintOf } from "../contract/fingerprint.ts";
import type { SqliteDatabase } from "../file/driver.ts";
import type { RefusedNote, Unit } from "../intake/unit.ts";

/** How many refused commands are kept; the oldest go first. */
const KEPT_REFUSALS = 10_000;

/** Writes what is kept of refused commands. */
export function createRefusedCommands(database: SqliteDatabase): (notes: readonly RefusedNote[]) => void {
  const insert = database.prepare(
    "insert into refused_commands (refused_at, type, actor, code, message, fingerprint) values (?, ?, ?, ?, ?, ?)",
  );
  const forget = database.prepare("delete from refused_commands where seq <= ?");
  return (notes) => {
    let last: number | bigint = 0;
    for (const { refusedAt, type, actor, code, message, fingerprint } of notes) {
      last = insert.run(refusedAt, type, actor, code, message, fingerprint).lastInsertRowid;
    }
    if (notes.length > 0) forget.run(Number(last) - KEPT_REFUSALS);
  };
}

/** What is kept of each command of a unit that was refused. */
export function notesOfUnit(unit: Unit, { code, message }: CoreError): readonly RefusedNote[] {
  return unit.commands.map(({ type, payload }) => ({
    type,
    actor: unit.actor,
    code,
    message: message.slice(0, 1_000).toWellFormed(),
    fingerprint: fingerprintOf({ ...payload, type }),
    refusedAt: unit.enqueuedAt,
  }));
}
