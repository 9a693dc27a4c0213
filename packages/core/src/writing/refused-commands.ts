import type { Generated } from "kysely";
import type { CoreError } from "../contract/errors.ts";
import { fingerprintOf } from "../contract/fingerprint.ts";
import { statement } from "../contract/statement.ts";
import type { RefusedNote, Unit } from "../intake/unit.ts";
import type { RefusedCommandRow } from "../model/bookkeeping.ts";
import type { Executor } from "./executor.ts";
import { answered, type Work } from "./work.ts";

/** How many refused commands are kept; the oldest go first. */
const KEPT_REFUSALS = 10_000;

interface Tables {
  // The database numbers them: they are not part of what a replay repeats.
  refused_commands: Omit<RefusedCommandRow, "seq"> & { seq: Generated<number> };
}

const insertRefused = statement<Tables, Omit<RefusedCommandRow, "seq">>((db, p) =>
  db
    .insertInto("refused_commands")
    .values(p.columns(["refused_at", "type", "actor", "code", "message", "fingerprint"])),
);
const deleteOldest = statement<Tables, { kept: number }>((db, p) =>
  db
    .deleteFrom("refused_commands")
    .where("seq", "<=", (row) =>
      row
        .selectFrom("refused_commands as all")
        .select(({ fn, eb }) => eb(fn.max("all.seq"), "-", p.kept).as("last")),
    ),
);

/** Writes what is kept of refused commands. */
export function* writeRefused(executor: Executor, notes: readonly RefusedNote[]): Work<void> {
  const insert = executor.prepared(insertRefused);
  for (const { refusedAt, ...note } of notes) {
    yield* answered(insert.run({ ...note, refused_at: refusedAt }));
  }
  yield* answered(executor.prepared(deleteOldest).run({ kept: KEPT_REFUSALS }));
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
