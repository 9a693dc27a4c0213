import type { Permit } from "../jobs/next-lane.ts";

/** One attempt that began. */
export interface KeyStart {
  readonly number: number;
  readonly group_key: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** The attempts of one workflow that began within the last period of its rate limit per key. */
export interface KeyStarts {
  /** Whether one more attempt of the key may begin now. */
  permit(key: string, now: number): Permit;
  /** Counts an attempt that begins. Returns its number, and the number from which on starts are to be kept. */
  begin(key: string, now: number): { readonly number: number; readonly keep_from: number };
}

/** Stored starts that one attempt removes at most, so that the first one after a long pause does not remove them all. */
const MOST_REMOVED = 100;
/** Forgotten starts at the head of the list that are worth moving the others for. */
const MOST_FORGOTTEN = 1_000;

/** The starts of one workflow. `stored` are those of earlier processes, in their order. */
export function createKeyStarts(
  { max, perMs }: { readonly max: number; readonly perMs: number },
  stored: readonly KeyStart[] = [],
): KeyStarts {
  /** In their order, from `head` on. */
  const all: { readonly number: number; readonly key: string; at: number }[] = [];
  const ofKey = new Map<string, { readonly at: number }[]>();
  let head = 0;
  let last = stored.at(-1)?.number ?? 0;
  let removedBefore = stored[0]?.number ?? last + 1;
  let latest = Number.NEGATIVE_INFINITY;
  for (const { number, group_key, at } of stored) add({ number, key: group_key, at });

  return {
    permit(key, now) {
      keepTime(now);
      const oldest = ofKey.get(key)?.at(-max);
      if (oldest === undefined || oldest.at + perMs <= now) return "now";
      return { notBefore: oldest.at + perMs };
    },
    begin(key, now) {
      keepTime(now);
      forget(now);
      last += 1;
      add({ number: last, key, at: now });
      const oldest = all[head]?.number ?? last;
      removedBefore = Math.min(oldest, removedBefore + MOST_REMOVED);
      return { number: last, keep_from: removedBefore };
    },
  };

  function add(start: { readonly number: number; readonly key: string; at: number }): void {
    all.push(start);
    const list = ofKey.get(start.key);
    if (list === undefined) ofKey.set(start.key, [start]);
    else list.push(start);
    latest = Math.max(latest, start.at);
  }

  /** The wall clock was set back since. Later starts count as starts of now, so that the limit holds a key for one period at most. */
  function keepTime(now: number): void {
    if (now >= latest) return;
    for (let index = head; index < all.length; index += 1) {
      const start = all[index];
      if (start !== undefined && start.at > now) start.at = now;
    }
    latest = now;
  }

  /** Forgets the starts that no limit looks at any more. */
  function forget(now: number): void {
    for (; head < all.length; head += 1) {
      const start = all[head];
      if (start === undefined || start.at + perMs > now) break;
      const list = ofKey.get(start.key);
      list?.shift();
      if (list?.length === 0) ofKey.delete(start.key);
    }
    if (head < MOST_FORGOTTEN || head < all.length / 2) return;
    all.splice(0, head);
    head = 0;
  }
}
