import { type Clock, isoTime, type Job, type ReadOnlyRepo } from "@atlas/core";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsModule } from "../module/plugins-module.ts";
import { nextInTurn, type Turn, type Turns } from "./next-in-turn.ts";
import type { Permit } from "./next-lane.ts";
import { readTurns } from "./read-turns.ts";
import { LANE_POLL_MS, READ_AHEAD, type ReadyLane } from "./ready-lane.ts";

/** The jobs that were read: those of the highest priority that has one which may begin. */
interface Level extends Turns {
  readonly priority: number;
}

const ABOVE_ALL_PRIORITIES = 1_000_001;
/** Priorities whose last turn is remembered. Another one begins with its first key. */
const MAX_CURSORS = 1_000;
const MOST_READS = 3;

/**
 * The lane of a workflow with `perKey`. Within a priority its keys take turns, whatever each of them has queued; a key that may begin no
 * more has no turn. Like other lanes, it reads some jobs ahead while nothing else happens in it.
 */
export function createKeyedLane(options: {
  readonly workflow: WorkflowPlugin;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly clock: Clock;
  /** Whether a key may begin one more attempt now. It is to answer at once, from memory. */
  readonly permit: (key: string | undefined) => Permit;
  readonly isTaken: (id: string) => boolean;
  /** Marks jobs that are due by now, so that they can be found. It never rejects; the lane is to be read after it. */
  readonly markDue: (now: string) => Promise<void>;
}): ReadyLane {
  const { workflow, repo, clock, isTaken, markDue } = options;
  const { id: workflow_id } = workflow;
  const cursors = new Map<number, string>();
  const hidden = new Map<string | undefined, number>();
  let level: Level | undefined;
  // Keys that had no room, but jobs of a higher priority.
  let blocked: readonly (string | undefined)[] = [];
  let dueAt = 0;
  /** When the first of the keys may go on that were found to have a limit in time. */
  let openAt = Number.POSITIVE_INFINITY;
  let isEmpty = false;
  let emptyUntil = 0;
  let isQuiet = false;
  let changes = 0;
  let isMarking = false;

  const lane: ReadyLane = {
    workflow,
    get first() {
      return next()?.job;
    },
    get dueAt() {
      return Math.min(dueAt, openAt);
    },
    isStale(now) {
      if (now >= dueAt || now >= openAt || blocked.some(hasRoom)) return true;
      if (next() !== undefined) return false;
      return !isEmpty || clock.monotonic() >= emptyUntil;
    },
    async read({ now, count }) {
      const wanted = count + (isQuiet ? READ_AHEAD : 0);
      isQuiet = true;
      const nowText = isoTime(now);
      // Once: what fails at once would be tried again for each change that its failure makes.
      if (now >= dueAt) await lookForDue(nowText);
      // A search among very many keys lets commits happen. If one comes each time, what was read has to do.
      for (let seen = -1, tries = 0; seen !== changes && tries < MOST_READS; tries += 1) {
        seen = changes;
        ({ level, blocked } = await readLevels(nowText, wanted));
        isEmpty = level === undefined && seen === changes;
        emptyUntil = clock.monotonic() + LANE_POLL_MS;
      }
    },
    take() {
      const taken = next();
      if (level === undefined || taken === undefined) return;
      const { priority } = level;
      const { job, turn } = taken;
      const turns = level.turns.with(turn, without(level.turns[turn], job));
      level = { ...level, position: turn + 1, turns };
      // The map keeps its newest entries.
      cursors.delete(priority);
      cursors.set(priority, job.group_key ?? "");
      const [oldest] = cursors.keys();
      if (cursors.size > MAX_CURSORS && oldest !== undefined) cursors.delete(oldest);
    },
    changed() {
      changes += 1;
      isQuiet = false;
      isEmpty = false;
      level = undefined;
      blocked = [];
    },
    due(at) {
      dueAt = Math.min(dueAt, at);
    },
    hide(key) {
      hidden.set(key, hiddenOf(key) + 1);
      let isHidden = true;
      return () => {
        if (!isHidden) return;
        isHidden = false;
        if (hiddenOf(key) > 1) hidden.set(key, hiddenOf(key) - 1);
        else hidden.delete(key);
      };
    },
  };
  return lane;

  function next(): { readonly job: Job; readonly turn: number } | undefined {
    const found = level === undefined ? undefined : nextInTurn(level, { hasRoom, isTaken });
    return found === "read" ? undefined : found;
  }

  function hasRoom(key: string | undefined): boolean {
    return permit(key) === "now";
  }

  function permit(key: string | undefined): Permit {
    const may = options.permit(key);
    if (typeof may === "object") openAt = Math.min(openAt, may.notBefore);
    return may;
  }

  function hiddenOf(key: string | undefined): number {
    return hidden.get(key) ?? 0;
  }

  async function lookForDue(now: string): Promise<void> {
    const at = await repo.plugins.nextJobAt(workflow_id, now);
    dueAt = at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at);
    if (isMarking || !(await repo.plugins.hasDueJobs(workflow_id, now))) return;
    isMarking = true;
    // Not awaited: a round must not hang with the store.
    void markDue(now).then(() => {
      isMarking = false;
      // What was read is no longer all, and there may be more to mark.
      dueAt = 0;
    });
  }

  /** Reads from the highest priority down, until one has a job that may begin. */
  async function readLevels(
    now: string,
    count: number,
  ): Promise<{ readonly level: Level | undefined; readonly blocked: readonly (string | undefined)[] }> {
    const passed: (string | undefined)[] = [];
    openAt = Number.POSITIVE_INFINITY;
    for (let below = ABOVE_ALL_PRIORITIES; ; ) {
      const priority = await repo.plugins.nextPriority(workflow_id, below);
      if (priority === undefined) return { level: undefined, blocked: passed };
      const read = await readTurns({
        repo,
        level: { workflow_id, priority },
        last: cursors.get(priority) ?? "",
        now,
        count,
        permit,
        isTaken,
        hiddenOf,
      });
      if (read.turns.some(({ jobs }) => jobs.length > 0))
        return { level: { ...read, priority }, blocked: passed };
      for (const { key } of read.turns) if (permit(key) === "later") passed.push(key);
      below = priority;
    }
  }
}

function without(turn: Turn | undefined, job: Job): Turn {
  return {
    key: job.group_key,
    hasMore: turn?.hasMore ?? false,
    jobs: (turn?.jobs ?? []).filter((one) => one !== job),
  };
}
