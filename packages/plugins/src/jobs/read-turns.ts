import type { Job, ReadOnlyRepo } from "@atlas/core";
import type { JobLevel } from "../module/keyed-jobs.ts";
import type { PluginsModule } from "../module/plugins-module.ts";
import type { Turn, Turns } from "./next-in-turn.ts";

/**
 * Reads the ready jobs of one priority in the order of turns, from the key after `last` on: until `count` keys may begin a job, or else, when
 * there are fewer such keys, `count` jobs of them all. Each key costs a search of an index, however many jobs it has.
 */
export async function readTurns(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly level: JobLevel;
  /** The key whose turn was last; empty: none, or that of the jobs without a key. */
  readonly last: string;
  readonly now: string;
  readonly count: number;
  readonly hasRoom: (key: string | undefined) => boolean;
  readonly isTaken: (id: string) => boolean;
  /** How many jobs of this key are taken though the database lists them as queued. */
  readonly hiddenOf: (key: string | undefined) => number;
}): Promise<Turns & { readonly hasJob: boolean }> {
  const { repo, level, last, now, count, hasRoom, isTaken, hiddenOf } = options;
  const isOpen = ({ key, jobs }: Turn): boolean => hasRoom(key) && jobs.length > 0;
  const isFree = ({ id }: Job): boolean => !isTaken(id);
  const turns: KeyedTurn[] = [];
  // Where the order of keys begins anew, which is the turn of the jobs without a key.
  let wrap: number | undefined;
  const isWhole = await walk();
  const open = turns.filter(isOpen).length;
  const each = Math.ceil(count / Math.max(1, open));
  for (const [index, turn] of turns.entries())
    if (each > 1 && turn.hasMore && isOpen(turn)) turns[index] = await fill(turn.key, each);
  const all: Turn[] = [...turns];
  if (wrap !== undefined) all.splice(wrap, 0, ...(await withoutKey()));
  return { turns: all, isWhole, position: 0, hasJob: all.some(isOpen) };

  /** Finds one job of each key. False when it ended before it was around. */
  async function walk(): Promise<boolean> {
    let found = 0;
    for (let after = last; found < count; ) {
      const job = await repo.plugins.nextKeyedJob(level, after);
      const key = job?.group_key;
      if (wrap !== undefined && (key === undefined || key > last)) return true;
      if (job === undefined || key === undefined) {
        wrap = turns.length;
        after = "";
        continue;
      }
      after = key;
      const turn = await begin(job, key);
      turns.push(turn);
      if (isOpen(turn)) found += 1;
    }
    return false;
  }

  /** The turn of a key, with a job that may begin if there is one. */
  async function begin(first: Job, key: string): Promise<KeyedTurn> {
    // After the clock was set back.
    if (first.run_at > now) return { key, jobs: [], hasMore: false, rows: 0 };
    const isEnough = !hasRoom(key) || !isTaken(first.id);
    return isEnough ? { key, jobs: [first].filter(isFree), hasMore: true, rows: 1 } : fill(key, 1);
  }

  async function fill(key: string, wanted: number): Promise<KeyedTurn> {
    for (let limit = wanted + hiddenOf(key); ; limit *= 2) {
      const read = await repo.plugins.listReadyJobsOfKey(level, { group_key: key, now, limit });
      const jobs = read.filter(isFree);
      const hasMore = read.length === limit;
      // Somebody else queued jobs that still run here, or they are held back.
      if (!hasMore || jobs.length > 0) return { key, jobs, hasMore, rows: read.length };
    }
  }

  /** Jobs from before the workflow had keys. Once all others were read, so many contain the first of them. */
  async function withoutKey(): Promise<readonly Turn[]> {
    const among = count + hiddenOf(undefined) + turns.reduce((sum, { rows }) => sum + rows, 0);
    const read = await repo.plugins.listReadyJobsWithoutKey(level, { now, among });
    const jobs = read.filter(isFree);
    return read.length === 0 ? [] : [{ key: undefined, jobs, hasMore: read.length === among }];
  }
}

type KeyedTurn = Turn & {
  readonly key: string;
  /** How many jobs the database had for it. */
  readonly rows: number;
};
