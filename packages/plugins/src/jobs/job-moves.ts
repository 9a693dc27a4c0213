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
 * When a set is refused, each of its jobs gets a command of its own, so a job that somebody else has moved never keeps back its neighbours; but
 * a job that is claimed ahead stays queued. With such claims it is committed which jobs have not begun.
 */
export function createJobMoves(
  commands: CommandSink<Command | PluginsCommand>,
  ahead: Pick<ClaimsAhead, "has" | "jobs"> = { has: () => false, jobs: () => [] },
): JobMoves {
  return { start: createSets("running"), succeed: createSets("succeeded") };

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
        for (const move of moves) {
          if (isRefused(error) && !isAhead(move)) move.settled.resolve(sendOne(move.job));
          else move.settled.reject(error);
        }
      }
    }

    async function sendSet(moved: readonly Moved[], hasAhead: boolean): Promise<void> {
      const move = { type: "job.updateStatusMany", status, jobs: moved.map(named) } as const;
      if (!hasAhead) await commands.enqueue(move, ACTOR);
      else
        await commands.enqueueAll(
          [move, { type: "plugins.job.ahead", jobs: ahead.jobs().map(named) }],
          ACTOR,
        );
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
