import type { PlanStep } from "../contract/change.ts";
import type { Committed } from "../contract/command.ts";
import { CoreError, isCoreError, refusalError } from "../contract/errors.ts";
import type { Connection } from "../file/connection.ts";
import { sqliteCode, troubleKind } from "../file/storage-trouble.ts";
import { type PlannedCommand, planCommand } from "../intake/planned-command.ts";
import type { Unit } from "../intake/unit.ts";
import type { BatchLog } from "./batch-log.ts";
import type { Failpoint } from "./failpoint.ts";

/** The result of a unit: a receipt for each command, or the reason for its refusal. */
export type UnitOutcome = readonly Committed[] | CoreError;

const nothingChanged: Committed = { seq: 0, changed: false };

/**
 * Applies one unit at a time, within the transaction of its batch. A refused unit leaves nothing behind. A failure of the
 * storage is thrown, because it ends the whole transaction.
 */
export function createUnitApplier(options: {
  readonly connection: Connection;
  readonly log: BatchLog;
  /** Numbers every command, also one whose effect lies outside of what is replayed. */
  readonly replaying: boolean;
  readonly failpoint: Failpoint;
}): (unit: Unit) => UnitOutcome {
  const { connection, log, replaying, failpoint } = options;
  const { database } = connection;
  const savepoint = database.prepare("savepoint unit");
  const release = database.prepare("release unit");
  const rollback = database.prepare("rollback to unit");
  // One object for all commands: they are applied one after the other.
  const marked = { type: "", eventSeq: undefined as number | undefined, depth: 0 };

  return (unit) => {
    let plans: readonly PlannedCommand[];
    try {
      plans = unit.commands.map(planCommand);
    } catch (error) {
      // The only error that planCommand throws.
      return error as CoreError;
    }
    // A statement is atomic and guards come first, so only a unit that may write twice needs a savepoint.
    const guarded = plans.length > 1 || plans.some(({ plan }) => plan.writes > 1);
    const mark = log.mark();
    if (guarded) savepoint.run();
    try {
      const receipts = plans.map((planned) => applyPlan(unit, planned));
      if (guarded) release.run();
      return receipts;
    } catch (error) {
      // A full disk or an I/O error ends the whole transaction, so the batch is lost and not this unit alone.
      if (!database.inTransaction || troubleKind(error) !== undefined) throw error;
      if (guarded) {
        rollback.run();
        release.run();
      }
      log.returnTo(mark, { rowsUndone: guarded });
      return isCoreError(error) ? error : constraint(unit, error);
    }
  };

  function applyPlan(unit: Unit, planned: PlannedCommand): Committed {
    const { command, plan } = planned;
    marked.type = command.type;
    marked.eventSeq = plan.events.length === 0 ? undefined : log.nextEvent;
    marked.depth = unit.depth;
    let rows = 0;
    for (const step of plan.steps) {
      const found = runStep(step.alternatives);
      if (!found.any && step.ifNone !== "continue") {
        if (step.ifNone === "stop") return nothingChanged;
        throw refusalError(step.ifNone);
      }
      rows += found.rows;
    }
    failpoint("writer:command");
    if (rows === 0 && plan.events.length === 0 && !replaying) return nothingChanged;
    return log.append(unit, planned);
  }

  function runStep(alternatives: PlanStep["alternatives"]): { readonly any: boolean; readonly rows: number } {
    for (const { statement, values } of alternatives) {
      const prepared = connection.prepared(statement);
      // It must see what earlier commands left, in the same batch or not.
      if (prepared.touchesLog) log.expose();
      if (statement.kind === "read") {
        if (prepared.get(values, marked) !== undefined) return { any: true, rows: 0 };
      } else {
        const rows = prepared.run(values, marked);
        if (rows > 0) return { any: true, rows };
      }
    }
    return { any: false, rows: 0 };
  }
}

function constraint(unit: Unit, cause: unknown): CoreError {
  const type = unit.commands
    .map((command) => command.type)
    .join(", ")
    .slice(0, 255);
  const sqlite = sqliteCode(cause) ?? "";
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${type}: the database rejected a row: ${reason}. Correct the command, or the module's handler.`;
  return new CoreError("ATLAS_CORE_CONSTRAINT", { type, sqlite }, message, { cause });
}
