import type { Committed } from "../contract/command.ts";
import { CoreError } from "../contract/errors.ts";
import { excluded, query, statement } from "../contract/statement.ts";
import { isoTime } from "../contract/time.ts";
import type { Unit } from "../intake/unit.ts";
import type { BookkeepingTables } from "../model/bookkeeping.ts";
import type { Executor } from "./executor.ts";
import { answered, type Work } from "./work.ts";

/** The ids that callers gave to their commands, remembered for 30 days. */
export interface CommandIds {
  /** What a unit with an id gets when that is known: the first receipts, or a refusal where its content is another. */
  find(unit: IdentifiedUnit): Work<readonly Committed[] | CoreError | undefined>;
  /** Keeps the receipts of a unit. */
  remember(unit: IdentifiedUnit, receipts: readonly Committed[]): Work<void>;
  /** Forgets some of the ids that are too old when this unit is written. */
  forgetOld(unit: IdentifiedUnit): Work<void>;
}

/** A unit that its sender gave an id. */
export type IdentifiedUnit = Unit & { readonly commandId: string; readonly fingerprint: string };

/** True for a unit whose receipts are remembered. */
export function isIdentified(unit: Unit): unit is IdentifiedUnit {
  return unit.commandId !== undefined && unit.fingerprint !== undefined;
}

const REMEMBERED_MS = 30 * 24 * 60 * 60 * 1_000;
const FORGOTTEN_AT_ONCE = 1_000;

type Row = BookkeepingTables["command_ids"];

const selectId = query<BookkeepingTables, { command_id: string }>()((db, p) =>
  db
    .selectFrom("command_ids")
    .where("command_id", "=", p.command_id)
    .select(["fingerprint", "receipts", "committed_at"]),
);
const insertId = statement<BookkeepingTables, Row>((db, p) =>
  db
    .insertInto("command_ids")
    .values(p.columns(["command_id", "fingerprint", "receipts", "committed_at"]))
    .onConflict((conflict) =>
      conflict
        .column("command_id")
        .doUpdateSet((row) => excluded(row, ["fingerprint", "receipts", "committed_at"])),
    ),
);
const deleteOld = statement<BookkeepingTables, { before: string; limit: number }>((db, p) =>
  db
    .deleteFrom("command_ids")
    .where("command_id", "in", (old) =>
      old
        .selectFrom("command_ids")
        .where("committed_at", "<", p.before)
        .orderBy("committed_at")
        .limit(p.limit)
        .select("command_id"),
    ),
);

/** The remembered ids in the database of a writer. */
export function createCommandIds(executor: Executor): CommandIds {
  return {
    *find(unit) {
      const found = yield* answered(executor.prepared(selectId).get({ command_id: unit.commandId }));
      // The columns that the query selects.
      const known = found as Omit<Row, "command_id"> | undefined;
      if (known === undefined || known.committed_at < forgottenBefore(unit)) return undefined;
      return known.fingerprint === unit.fingerprint
        ? // Only remember() writes there.
          (JSON.parse(known.receipts) as readonly Committed[])
        : reused(unit.commandId);
    },
    *remember({ commandId, fingerprint, enqueuedAt }, receipts) {
      const row: Row = {
        command_id: commandId,
        fingerprint,
        receipts: JSON.stringify(receipts),
        committed_at: enqueuedAt,
      };
      yield* answered(executor.prepared(insertId).run({ ...row }));
    },
    *forgetOld(unit) {
      const old = { before: forgottenBefore(unit), limit: FORGOTTEN_AT_ONCE };
      yield* answered(executor.prepared(deleteOld).run(old));
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
