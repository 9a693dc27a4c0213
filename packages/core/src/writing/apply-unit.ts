import type { Committed } from "../contract/command.ts";
import { CoreError, isCoreError, refusalError } from "../contract/errors.ts";
import { sqliteCode } from "../file/storage-trouble.ts";
import { type PlannedCommand, planCommand } from "../intake/planned-command.ts";
import type { Unit } from "../intake/unit.ts";
import type { BatchLog } from "./batch-log.ts";
import type { Executor } from "./executor.ts";
import type { Failpoint } from "./failpoint.ts";
import { answered, isPending, type Work } from "./work.ts";

/** The result of a unit: a receipt for each command, or the reason for its refusal. */
export type UnitOutcome = readonly Committed[] | CoreError;

const nothingChanged: Committed = { seq: 0, changed: false };

/**
 * Applies one unit at a time, within the transaction of its batch. A refused unit leaves nothing behind. A failure of the
 * storage is thrown, because it ends the whole transaction.
 */
export function createUnitApplier(options: {
  readonly executor: Executor;
  readonly log: BatchLog;
  /** Writes what the log has kept back so far. */
  readonly expose: () => Work<void>;
  /** Numbers every command, also one whose effect lies outside of what is replayed. */
  readonly replaying: boolean;
  readonly failpoint: Failpoint;
}): (unit: Unit) => Work<UnitOutcome> {
  const { executor, log, expose, replaying, failpoint } = options;
  // One object for all commands: they are applied one after the other.
  const marked = { type: "", eventSeq: undefined as number | undefined, depth: 0 };

  return function* applyUnit(unit) {
    let plans: readonly PlannedCommand[];
    try {
      plans = unit.commands.map(planCommand);
    } catch (error) {
      // The only error that planCommand throws.
      return error as CoreError;
    }
    const mark = log.mark();
    const mayFailInPart =
      plans.length > 1 ||
      plans.some(({ plan }) => plan.writes > 1 || plan.steps.some(({ rows }) => rows !== undefined));
    const begun = executor.beginUnit(mayFailInPart);
    // Not by `answered`, here and below: a generator for each answer would be felt. perform() gives back what a promise resolved with.
    const canUndo: boolean = isPending(begun) ? ((yield begun) as boolean) : begun;
    try {
      const receipts: Committed[] = [];
      for (const planned of plans) receipts.push(yield* applyPlan(unit, planned));
      if (canUndo) yield* answered(executor.endUnit());
      return receipts;
    } catch (error) {
      if (executor.troubleOf(error) !== undefined) throw error;
      if (canUndo) yield* answered(executor.undoUnit());
      log.returnTo(mark, { rowsUndone: canUndo });
      return isCoreError(error) ? error : constraint(unit, error);
    }
  };

  function* applyPlan(unit: Unit, planned: PlannedCommand): Work<Committed> {
    const { command, plan } = planned;
    marked.type = command.type;
    marked.eventSeq = plan.events.length === 0 ? undefined : log.nextEvent;
    marked.depth = unit.depth;
    let rows = 0;
    for (const { alternatives, ifNone, rows: demanded = 1 } of plan.steps) {
      let any = false;
      for (const { statement, values } of alternatives) {
        const prepared = executor.prepared(statement);
        // It must see what earlier commands left, in the same batch or not.
        if (prepared.touchesLog) yield* expose();
        const answer =
          statement.kind === "read" ? prepared.get(values, marked) : prepared.run(values, marked);
        const found = isPending(answer) ? yield answer : answer;
        // A write answers with a number of rows.
        if (statement.kind === "write") rows += found as number;
        any = statement.kind === "read" ? found !== undefined : (found as number) >= demanded;
        if (any) break;
      }
      if (!any && ifNone !== "continue") {
        if (ifNone === "stop") return nothingChanged;
        throw refusalError(ifNone);
      }
    }
    failpoint("writer:command");
    if (rows === 0 && plan.events.length === 0 && !replaying) return nothingChanged;
    return log.append(unit, planned);
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
