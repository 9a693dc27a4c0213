import { setImmediate as turn } from "node:timers/promises";
import type { CommittedBatch } from "../writing/commit-listeners.ts";

/** A log that grows at its end, read from the database. */
export interface FollowedLog<Item> {
  /** Reads up to `limit` items after a number. */
  read(range: { readonly after: number; readonly limit: number }): Promise<LogPage<Item>>;
  /** Where a reader that knows everything before this commit stands after it; undefined if the commit has items for it. */
  passed(batch: CommittedBatch, after: number): number | undefined;
}

/** A page of a log. */
interface LogPage<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins: everything up to this number was looked at. */
  readonly through: number;
  /** Estimated memory that the page takes. */
  readonly sizeBytes: number;
}

/** Everyone who follows the logs of a store. */
export interface LogFollowers {
  /** An iterable over a log from a number on. Each iteration of it begins there. */
  follow<Item>(
    log: FollowedLog<Item>,
    options: {
      readonly after: number;
      readonly signal?: AbortSignal | undefined;
      readonly pageSize?: number;
    },
  ): AsyncIterable<Item>;
  /** Ends every iteration. */
  end(): void;
}

const PAGE_ITEMS = 100;
const FIRST_PAGE_ITEMS = 10;
const LARGE_PAGE_BYTES = 1024 * 1024;

/**
 * The followers of a store. Each reads pages from the database, at its own pace, and a commit only wakes those that have read
 * everything. So a slow reader keeps one page in memory, and nothing can be left out or come twice.
 */
export function createLogFollowers(
  onCommitted: (listener: (batch: CommittedBatch) => void) => () => void,
): LogFollowers {
  const ends = new Set<() => void>();
  let hasEnded = false;

  return {
    follow: (log, { after, signal, pageSize = PAGE_ITEMS }) => ({
      [Symbol.asyncIterator]: () => iterate(log, { after, signal, pageSize }),
    }),
    end() {
      hasEnded = true;
      for (const end of [...ends]) end();
    },
  };

  function iterate<Item>(
    log: FollowedLog<Item>,
    options: { readonly after: number; readonly signal: AbortSignal | undefined; readonly pageSize: number },
  ): AsyncIterator<Item> {
    const { signal, pageSize } = options;
    let { after } = options;
    let limit = Math.min(FIRST_PAGE_ITEMS, pageSize);
    let items: readonly Item[] = [];
    let next = 0;
    let isOver = hasEnded || signal?.aborted === true;
    let hasMore = true;
    // Whether it read a page and has not waited since: a loop of pages alone would hold the event loop.
    let readLast = false;
    let wake: (() => void) | undefined;
    let stopListening: (() => void) | undefined;
    let asked: Promise<unknown> = Promise.resolve();

    const end = (): void => {
      isOver = true;
      items = [];
      stopListening?.();
      signal?.removeEventListener("abort", end);
      ends.delete(end);
      wake?.();
    };
    const heard = (batch: CommittedBatch): void => {
      // While it waits, and no commit has woken it yet, it knows everything before this one.
      const isWaiting = wake !== undefined && !hasMore;
      const passed = isWaiting ? log.passed(batch, after) : undefined;
      if (passed !== undefined) {
        after = passed;
        return;
      }
      hasMore = true;
      wake?.();
    };
    const begin = (): void => {
      if (signal?.aborted === true) end();
      if (stopListening !== undefined || isOver) return;
      stopListening = onCommitted(heard);
      signal?.addEventListener("abort", end, { once: true });
      ends.add(end);
    };

    const readPage = async (): Promise<void> => {
      // Cleared first: what is committed while it reads is read next time.
      hasMore = false;
      const page = await log.read({ after, limit });
      if (isOver) return;
      after = page.through;
      items = page.items;
      next = 0;
      if (page.items.length === limit) hasMore = true;
      limit =
        page.sizeBytes > LARGE_PAGE_BYTES
          ? Math.max(1, Math.floor(limit / 4))
          : Math.min(pageSize, limit * 2);
    };

    const pull = async (): Promise<IteratorResult<Item>> => {
      begin();
      while (!isOver) {
        if (next < items.length) {
          // In bounds, as the line above says.
          const value = items[next] as Item;
          next += 1;
          return { done: false, value };
        }
        if (hasMore) {
          if (readLast) await turn();
          if (isOver) break;
          readLast = true;
          await readPage();
        } else {
          const woken = Promise.withResolvers<void>();
          wake = woken.resolve;
          await woken.promise;
          wake = undefined;
          readLast = false;
        }
      }
      return { done: true, value: undefined };
    };

    return {
      // One after the other, so that two calls at once get two items.
      next() {
        const answer = asked.then(pull).catch((error: unknown) => {
          const wasOver = isOver;
          end();
          if (wasOver) return { done: true as const, value: undefined };
          throw error;
        });
        asked = answer.catch(() => undefined);
        return answer;
      },
      async return() {
        end();
        return { done: true, value: undefined };
      },
    };
  }
}
