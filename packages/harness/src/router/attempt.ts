import type { AttemptContext, Clock } from "@atlas/routing";
import type { HarnessDriver, HarnessHost, HarnessRun, HarnessRunResult } from "../contract/driver.ts";
import { HarnessError } from "../contract/errors.ts";
import type { HarnessEvent, UnnamedHarnessEvent } from "../contract/event.ts";
import type { HarnessMode, HarnessTask } from "../contract/runtime.ts";
import { harnessErrorOf, withDiff } from "./error-of-route.ts";
import { concernsTask } from "./failure-of.ts";
import type { TaskWorkspace } from "./task-workspace.ts";
import { withinLimits } from "./within-limits.ts";

const TIMEOUT_MS = 180_000;

/** What all attempts at a task share. */
export interface TaskAttempts {
  readonly task: HarnessTask;
  /** Aborted when the caller gives up, and when the runtime stops. */
  readonly signal: AbortSignal;
  readonly mode: HarnessMode;
  readonly profile: string;
  readonly workspace: TaskWorkspace;
  readonly host: HarnessHost;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly tell: (event: HarnessEvent) => void;
}

/**
 * Asks one agent once. If it fails and has changed something, the task ends with its failure: no other agent goes on with half of a
 * work.
 */
export async function attempt(
  driver: HarnessDriver,
  { candidate: harness, signal, commit, used }: AttemptContext,
  { task, signal: ofTask, mode, profile, workspace, host, clock, newId, tell }: TaskAttempts,
): Promise<HarnessRunResult> {
  if (driver.modes !== undefined && !driver.modes.includes(mode))
    throw modeRefused(harness, mode, driver.modes);
  const startedAt = clock.monotonic();
  let isOver = false;
  const onEvent = (event: UnnamedHarnessEvent): void => {
    // Sound: the event is one of the union without its name, and gets the name back.
    if (!isOver) tell({ ...event, harness } as HarnessEvent);
  };
  const begin = async (): Promise<HarnessRunResult> => {
    onEvent({ type: "state", state: "preparing" });
    const { cwd, env: workspaceEnv } = await workspace.open(signal).catch((error: unknown) => {
      commit();
      throw error;
    });
    onEvent({ type: "state", state: "running" });
    const { timeoutMs = TIMEOUT_MS } = driver;
    return withinLimits({ harness, timeoutMs, signal, clock }, (limit) =>
      driver.run(
        runOf(task, { runId: newId(), harness, cwd, workspaceEnv, mode, profile, signal: limit, onEvent }),
        host,
      ),
    );
  };
  try {
    const result = await begin();
    used({ ...result.usage });
    return result;
  } catch (error) {
    if (concernsTask(error)) commit();
    // Nobody will see what has changed.
    if (ofTask.aborted) throw error;
    throw await withChanges(timeOf(error));
  } finally {
    isOver = true;
  }

  /** The limits of the router know nothing of agents. */
  function timeOf(error: unknown): unknown {
    const isTime = error instanceof DOMException && error.name === "TimeoutError";
    if (!isTime) return error;
    const timeoutMs = Math.round(clock.monotonic() - startedAt);
    return new HarnessError(
      "ATLAS_HARNESS_TIMED_OUT",
      { harness, timeoutMs },
      `"${harness}" was ended: ${error.message}`,
    );
  }

  async function withChanges(error: unknown): Promise<unknown> {
    try {
      const { diff, files } = await workspace.changes();
      if (diff === "" && files.length === 0) return error;
      commit();
      return mode === "plan" ? error : withDiff(harnessErrorOf(error, harness), diff);
    } catch {
      // Whether it has changed something is not known.
      commit();
      return error;
    }
  }
}

function runOf(
  task: HarnessTask,
  own: Omit<HarnessRun, "goal" | "contextPaths" | "model" | "env" | "sessionId" | "onCommand">,
): HarnessRun {
  const { goal, contextPaths, model, env, sessionId, onCommand } = task;
  return {
    ...own,
    goal,
    ...(contextPaths === undefined ? {} : { contextPaths }),
    ...(model === undefined ? {} : { model }),
    ...(env === undefined ? {} : { env }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(onCommand === undefined ? {} : { onCommand }),
  };
}

function modeRefused(harness: string, mode: HarnessMode, modes: readonly HarnessMode[]): HarnessError {
  return new HarnessError(
    "ATLAS_HARNESS_INPUT_REFUSED",
    { harness, input: "mode" },
    `"${harness}" cannot be run in the mode "${mode}". It knows ${modes.join(", ")}.`,
  );
}
