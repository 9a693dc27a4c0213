import { setImmediate as turnOfOthers } from "node:timers/promises";
import { type Clock, isoTime, type ReadOnlyRepo } from "@atlas/core";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { Permit } from "../jobs/next-lane.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createKeyStarts, type KeyStart, type KeyStarts } from "./key-starts.ts";

/** Keeps the attempts of workflows below their `rateLimit`, and those of each key below that of `perKey`. */
export interface RateLimits {
  /** Reads the attempts that began before this process. */
  load(workflows: Iterable<WorkflowPlugin>): Promise<void>;
  /** Whether one more attempt may begin now. */
  permit(workflow: WorkflowPlugin, now: number): Permit;
  /** The same for a key of a workflow with `perKey`. */
  permitKey(workflow: WorkflowPlugin, key: string, now: number): Permit;
  /** Counts an attempt that begins, of this key if its job has one, and returns what to commit together with its claim. */
  begin(workflow: WorkflowPlugin, key?: string): readonly PluginsCommand[];
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
  const ofKeys = new Map<string, KeyStarts>();

  return {
    async load(workflows) {
      for (const { id, rateLimit, perKey } of workflows) {
        if (perKey?.rateLimit !== undefined)
          ofKeys.set(id, createKeyStarts(perKey.rateLimit, await readKeyStarts(id)));
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
    permitKey({ id, perKey }, key, now) {
      if (perKey?.rateLimit === undefined) return "now";
      return ofKeys.get(id)?.permit(key, now) ?? "later";
    },
    begin(workflow, key) {
      return [...beginOfWorkflow(workflow), ...beginOfKey(workflow, key)];
    },
  };

  function beginOfWorkflow({ id, rateLimit }: WorkflowPlugin): readonly PluginsCommand[] {
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
  }

  function beginOfKey({ id }: WorkflowPlugin, group_key: string | undefined): readonly PluginsCommand[] {
    const starts = group_key === undefined ? undefined : ofKeys.get(id);
    if (group_key === undefined || starts === undefined) return [];
    const now = clock.now();
    return [
      {
        type: "plugins.rate.startOfKey",
        workflow_id: id,
        group_key,
        at: isoTime(now),
        ...starts.begin(group_key, now),
      },
    ];
  }

  async function readKeyStarts(workflow_id: string): Promise<readonly KeyStart[]> {
    const starts: KeyStart[] = [];
    for (;;) {
      const rows = await repo.plugins.listKeyStarts(workflow_id, {
        after: starts.at(-1)?.number ?? 0,
        limit: STARTS_AT_ONCE,
      });
      for (const { number, group_key, at } of rows) starts.push({ number, group_key, at: Date.parse(at) });
      if (rows.length < STARTS_AT_ONCE) return starts;
      await turnOfOthers();
    }
  }
}

/** Starts that are read at once: some milliseconds. */
const STARTS_AT_ONCE = 5_000;

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
