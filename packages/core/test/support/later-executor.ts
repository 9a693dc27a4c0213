import { setImmediate as turn } from "node:timers/promises";
import type { Connection } from "../../src/file/connection.ts";
import type { Executor } from "../../src/writing/executor.ts";
import { createSqliteExecutor } from "../../src/writing/sqlite-executor.ts";

/** A call of an executor: its method, or what its statement does. */
export type ExecutorCall = Exclude<keyof Executor, "prepared" | "troubleOf"> | "run" | "get";

/** What a test does around each call. Both may wait, and fail the call. */
export interface ExecutorHooks {
  readonly before?: (call: ExecutorCall) => Promise<void> | void;
  /** The call has had its effect; its answer may still be lost. */
  readonly after?: (call: ExecutorCall) => Promise<void> | void;
}

/**
 * An executor that answers in a later turn, as that of another engine would. It changes no order, and refuses a call that is made before
 * the one before it was answered. Unlike SQLite it sets a savepoint for every unit.
 */
export function createLaterExecutor(
  inner: Executor,
  { before = () => undefined, after = () => undefined }: ExecutorHooks = {},
): Executor {
  let underWay: ExecutorCall | undefined;

  const later = async <Result>(name: ExecutorCall, call: () => Result): Promise<Awaited<Result>> => {
    if (underWay !== undefined)
      throw new TypeError(`"${name}" was called before "${underWay}" was answered.`);
    underWay = name;
    try {
      await turn();
      await before(name);
      const answer = await call();
      await after(name);
      return answer;
    } finally {
      underWay = undefined;
    }
  };

  return {
    begin: (counters) => later("begin", () => inner.begin(counters)),
    commit: () => later("commit", inner.commit),
    rollback: () => later("rollback", inner.rollback),
    beginUnit: () => later("beginUnit", () => inner.beginUnit(true)),
    endUnit: () => later("endUnit", inner.endUnit),
    undoUnit: () => later("undoUnit", inner.undoUnit),
    prepared(statement) {
      const { touchesLog, run, get } = inner.prepared(statement);
      return {
        touchesLog,
        run: (values, marked) => later("run", () => run(values, marked)),
        get: (values, marked) => later("get", () => get(values, marked)),
      };
    },
    insert: (rows) => later("insert", () => inner.insert(rows)),
    troubleOf: inner.troubleOf,
  };
}

/** The executors that the writer's suites run on. */
export const executors = [
  { answers: "at once", executorOf: createSqliteExecutor },
  {
    answers: "later",
    executorOf: (connection: Connection) => createLaterExecutor(createSqliteExecutor(connection)),
  },
] as const;

/** The executor of a test that names none: SQLite's own, or the other with `ATLAS_TEST_EXECUTOR=later`. */
export const usualExecutor: (connection: Connection) => Executor =
  executors.find(({ answers }) => answers === process.env["ATLAS_TEST_EXECUTOR"])?.executorOf ??
  createSqliteExecutor;
