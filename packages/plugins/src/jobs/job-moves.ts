import { nextTick } from "node:process";
import { type Command, type CommandSink, isCoreError, type Job } from "@atlas/core";
import type { PluginsCommand } from "../module/plugins-module.ts";
import type { ClaimsAhead } from "./claims-ahead.ts";

/** Moves jobs for the runner. Moves of one turn of the event loop share a command. */
export interface JobMoves {
  /** Moves the queued job to `running`, in this attempt. Rejects as a `job.updateStatus` of its own does. */
  start(job: Moved): Promise<void>;
  /** Moves the job, which runs in this attempt, to `succeeded`. Rejects as {@link JobMoves.start} does. */
  succeed(job: Moved): Promise<void>;
}

type Moved = Pick<Job, "id" | "attempt">;

/** A move that was asked for. */
interface Move {
  readonly job: Moved;
  readonly settled: PromiseWithResolvers<void>;
}

/** As many as one command takes. */
const MAX_JOBS_IN_SET = 1_000;
const ACTOR = { actor: "runner" };

/**
 * The moves of one runner. Those of one turn are one command, which costs about half of as many single ones; a lone move is a single command.
 * When a set is refused, each of its jobs gets a command of its own, so a job that somebody else has moved never keeps back its neighbours.
 * With, or before, a claim ahead it is committed which jobs have not begun.
 */
export function createJobMoves(
  commands: CommandSink<Command | PluginsCommand>,
  ahead: Pick<ClaimsAhead, "has" | "jobs"> = { has: () => false, jobs: () => [] },
): JobMoves {
  return { start: createSets("running"), succeed: createSets("succeeded") };

  /** Says which jobs are claimed and have not begun. Jobs whose claim fails do no harm in the list. */
  function list() {
    return { type: "plugins.job.ahead", jobs: ahead.jobs().map(named) } as const;
  }

  function createSets(status: "running" | "succeeded"): JobMoves["start"] {
    let waiting: Move[] = [];
    return (job) => {
      const settled = Promise.withResolvers<void>();
      // A tick asked for in a microtask comes when no microtask is left: after all that this turn has to do, and before the next commit.
      if (waiting.length === 0) queueMicrotask(() => nextTick(send));
      waiting.push({ job, settled });
      return settled.promise;
    };

    function send(): void {
      const moves = waiting;
      waiting = [];
      for (let from = 0; from < moves.length; from += MAX_JOBS_IN_SET)
        void sendPart(moves.slice(from, from + MAX_JOBS_IN_SET));
    }

    async function sendPart(moves: readonly Move[]): Promise<void> {
      const isAhead = ({ job }: Move): boolean => status === "running" && ahead.has(job.id);
      const [only] = moves;
      if (only !== undefined && moves.length === 1 && !isAhead(only))
        return only.settled.resolve(sendOne(only.job));
      try {
        await sendSet(
          moves.map(({ job }) => job),
          moves.some(isAhead),
        );
        for (const { settled } of moves) settled.resolve();
      } catch (error) {
        const listed = isRefused(error) && moves.some(isAhead) ? sendList() : undefined;
        for (const move of moves) {
          if (!isRefused(error)) move.settled.reject(error);
          else
            move.settled.resolve(isAhead(move) ? listed?.then(() => sendOne(move.job)) : sendOne(move.job));
        }
      }
    }

    async function sendList(): Promise<void> {
      await commands.enqueue(list(), ACTOR);
    }

    async function sendSet(moved: readonly Moved[], hasAhead: boolean): Promise<void> {
      const move = { type: "job.updateStatusMany", status, jobs: moved.map(named) } as const;
      if (!hasAhead) await commands.enqueue(move, ACTOR);
      else await commands.enqueueAll([move, list()], ACTOR);
    }

    async function sendOne({ id, attempt }: Moved): Promise<void> {
      await commands.enqueue({ type: "job.updateStatus", id, status, attempt }, ACTOR);
    }
  }
}

function named({ id, attempt }: Moved): { id: string; attempt: number } {
  return { id, attempt };
}

/** True when the store could have written it: single commands may fare better. */
function isRefused(error: unknown): boolean {
  return isCoreError(error) && !error.retryable && error.code !== "ATLAS_CORE_STOPPED";
}
