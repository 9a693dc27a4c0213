import type { Committed } from "../contract/command.ts";
import { CoreError } from "../contract/errors.ts";
import { isoTime } from "../contract/time.ts";
import type { SqliteDatabase } from "../file/driver.ts";
import type { Unit } from "../intake/unit.ts";

/** The ids that callers gave to their commands, remembered for 30 days. */
export interface CommandIds {
  /** What the unit gets when its id is known: the first receipts, or a refusal where its content is another. */
  find(unit: Unit): readonly Committed[] | CoreError | undefined;
  /** Keeps the receipts of a unit that has an id. */
  remember(unit: Unit, receipts: readonly Committed[]): void;
  /** Forgets some of the ids that are too old, where the batch has a unit with an id. */
  forgetOld(units: readonly Unit[]): void;
}

const REMEMBERED_MS = 30 * 24 * 60 * 60 * 1_000;
const FORGOTTEN_AT_ONCE = 1_000;

interface Row {
  readonly fingerprint: string;
  readonly receipts: string;
  readonly committed_at: string;
}

/** The remembered ids in the database of a writer. */
export function createCommandIds(database: SqliteDatabase): CommandIds {
  const select = database.prepare<[string], Row>(
    "select fingerprint, receipts, committed_at from command_ids where command_id = ?",
  );
  const insert = database.prepare(
    "insert or replace into command_ids (command_id, fingerprint, receipts, committed_at) values (?, ?, ?, ?)",
  );
  const forget = database.prepare(
    "delete from command_ids where command_id in (select command_id from command_ids where committed_at < ? order by committed_at limit ?)",
  );

  return {
    find(unit) {
      if (unit.commandId === undefined || unit.fingerprint === undefined) return undefined;
      const known = select.get(unit.commandId);
      if (known === undefined || known.committed_at < forgottenBefore(unit)) return undefined;
      return known.fingerprint === unit.fingerprint
        ? // Only remember() writes there.
          (JSON.parse(known.receipts) as readonly Committed[])
        : reused(unit.commandId);
    },
    remember({ commandId, fingerprint, enqueuedAt }, receipts) {
      if (commandId !== undefined && fingerprint !== undefined) {
        insert.run(commandId, fingerprint, JSON.stringify(receipts), enqueuedAt);
      }
    },
    forgetOld(units) {
      const last = units.findLast((unit) => unit.commandId !== undefined);
      if (last !== undefined) forget.run(forgottenBefore(last), FORGOTTEN_AT_ONCE);
    },
  };
}

function forgottenBefore(unit: Unit): string {
  return isoTime(Date.parse(unit.enqueuedAt) - REMEMBERED_MS);
}

function reused(command_id: string): CoreError {
  const message = `The command id "${command_id}" was already used for another command. Give each command its own id.`;
  return new CoreError("ATLAS_CORE_COMMAND_ID_REUSED", { command_id }, message);
}
