import { setImmediate as turnOfOthers } from "node:timers/promises";
import type { Job, ReadOnlyRepo } from "@atlas/core";
import type { JobLevel } from "../module/keyed-jobs.ts";
import type { PluginsModule } from "../module/plugins-module.ts";
import type { Turn, Turns } from "./next-in-turn.ts";
import type { Permit } from "./next-lane.ts";

/** Keys that one query reads at most: some milliseconds. */
const MOST_KEYS = 1_000;
/** No key comes after it: keys have up to 255 bytes, and this has 256. */
const LAST_KEY = "\u{10FFFF}".repeat(64);

/**
 * Reads the ready jobs of one priority in the order of turns, from the key after `last` on: those of `count` keys that may begin one, or,
 * when there are fewer such keys, `count` jobs of them all. Keys and jobs are read in sets, so a job costs about as much with 10,000 keys as
 * with one. A key at its limit is passed over, which costs a search of an index.
 */
export async function readTurns(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly level: JobLevel;
  /** The key whose turn was last; empty: none, or that of the jobs without a key. */
  readonly last: string;
  readonly now: string;
  readonly count: number;
  readonly permit: (key: string | undefined) => Permit;
  readonly isTaken: (id: string) => boolean;
  /** How many jobs of this key are taken though the database lists them as queued. */
  readonly hiddenOf: (key: string | undefined) => number;
}): Promise<Turns> {
  const { repo, level, last, now, count, permit, isTaken, hiddenOf } = options;
  const isFree = ({ id }: Job): boolean => !isTaken(id);
  const turns: Turn[] = [];
  let after = last;
  /** True from the point on where the order of keys begins anew, which is the turn of the jobs without a key. */
  let isAround = false;
  let isWhole = false;
  do {
    const keys = await nextKeys();
    const open = keys.filter(isOpen);
    const jobs = await readJobs(open, Math.ceil(count / Math.max(1, open.length)));
    for (const key of keys) turns.push(jobs.get(key) ?? { key, jobs: [], hasMore: true });
  } while (!isWhole && !turns.some(({ jobs }) => jobs.length > 0));
  return { turns, isWhole, position: 0 };

  function isOpen(key: string | undefined): boolean {
    return permit(key) === "now";
  }

  /** The next keys in turn, until `count` of them may begin a job. Those that must wait for a time have no turn until then. */
  async function nextKeys(): Promise<readonly (string | undefined)[]> {
    const found: (string | undefined)[] = [];
    let open = 0;
    for (let limit = Math.min(count, MOST_KEYS); ; limit = MOST_KEYS) {
      const through = isAround ? last : LAST_KEY;
      const keys = await repo.plugins.listReadyKeys(level, { after, through, limit });
      for (const key of keys) {
        after = key;
        const may = permit(key);
        if (may === "now" || may === "later") found.push(key);
        if (may === "now") open += 1;
        if (open === count) return found;
      }
      if (keys.length < limit) {
        if (!isAround) found.push(undefined);
        isWhole = isAround || last === "";
        isAround = true;
        after = "";
        if (isWhole) return found;
      } else if (limit === MOST_KEYS) await turnOfOthers();
    }
  }

  /** At least `each` jobs of these keys, as far as they have so many. */
  async function readJobs(
    keys: readonly (string | undefined)[],
    each: number,
  ): Promise<ReadonlyMap<string | undefined, Turn>> {
    const read = new Map<string | undefined, Turn>();
    const named = keys.filter((key) => key !== undefined);
    let limit = each + Math.max(0, ...named.map(hiddenOf));
    for (let left = named; left.length > 0; limit *= 2) {
      const rows = await repo.plugins.listReadyJobsOfKeys(level, { keys: left, now, limit });
      // Somebody else queued jobs that still run here, or they are held back.
      const again: string[] = [];
      for (const key of left) {
        const ofKey = rows.get(key) ?? [];
        const jobs = ofKey.filter(isFree);
        const hasMore = ofKey.length === limit;
        if (hasMore && jobs.length === 0) again.push(key);
        else read.set(key, { key, jobs, hasMore });
      }
      left = again;
    }
    if (named.length < keys.length) read.set(undefined, await readJobsWithoutKey());
    return read;
  }

  /** Jobs from before the workflow had keys, among those that have waited longest. */
  async function readJobsWithoutKey(): Promise<Turn> {
    for (let among = count + hiddenOf(undefined); ; among *= 2) {
      const read = await repo.plugins.listReadyJobsWithoutKey(level, { now, among });
      const jobs = read.filter(isFree);
      if (jobs.length > 0 || read.length < among) return { key: undefined, jobs, hasMore: jobs.length > 0 };
    }
  }
}
