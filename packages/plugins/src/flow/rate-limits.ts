import { type Clock, isoTime, type ReadOnlyRepo } from "@atlas/core";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { Permit } from "../jobs/next-lane.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";

/** Keeps the attempts of workflows below their `rateLimit`. */
export interface RateLimits {
  /** Reads the attempts that began before this process. */
  load(workflows: Iterable<WorkflowPlugin>): Promise<void>;
  /** Whether one more attempt may begin now. */
  permit(workflow: WorkflowPlugin, now: number): Permit;
  /** Counts an attempt that begins, and returns what to commit together with its claim. */
  begin(workflow: WorkflowPlugin): readonly PluginsCommand[];
}

/** The attempts of one workflow that began last. */
interface Starts {
  /** When they began, oldest first; at most as many as the limit allows. */
  readonly at: number[];
  /** The number of the last one. */
  last: number;
}

/** The rate limits of one runner. */
export function createRateLimits({
  repo,
  clock,
}: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly clock: Clock;
}): RateLimits {
  const known = new Map<string, Starts>();

  return {
    async load(workflows) {
      for (const { id, rateLimit } of workflows) {
        if (rateLimit === undefined) continue;
        const rows = await repo.plugins.listRateStarts(id);
        known.set(id, {
          at: rows.slice(-rateLimit.max).map(({ at }) => Date.parse(at)),
          last: rows.at(-1)?.number ?? 0,
        });
      }
    },
    permit({ id, rateLimit }, now) {
      if (rateLimit === undefined) return "now";
      const starts = known.get(id);
      if (starts === undefined) return "later";
      // The wall clock was set back since. They count as starts of now, so that the limit holds for one period at most.
      for (let index = starts.at.length - 1; (starts.at[index] ?? now) > now; index -= 1)
        starts.at[index] = now;
      return nextStart(starts.at, rateLimit, now);
    },
    begin({ id, rateLimit }) {
      const starts = known.get(id);
      if (rateLimit === undefined || starts === undefined) return [];
      const now = clock.now();
      starts.at.push(now);
      if (starts.at.length > rateLimit.max) starts.at.shift();
      starts.last += 1;
      return [
        {
          type: "plugins.rate.start",
          workflow_id: id,
          number: starts.last,
          keep_from: starts.last - rateLimit.max + 1,
          at: isoTime(now),
        },
      ];
    },
  };
}

/** Decides when the next attempt may begin, so that no period of `perMs` sees more than `max` of them. */
export function nextStart(
  starts: readonly number[],
  { max, perMs }: { readonly max: number; readonly perMs: number },
  now: number,
): Permit {
  const oldest = starts.length < max ? undefined : starts[starts.length - max];
  if (oldest === undefined || oldest + perMs <= now) return "now";
  return { notBefore: oldest + perMs };
}
