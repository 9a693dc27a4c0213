import { checkOptions } from "@atlas/routing/internal";
import type { CacheEntry, CacheStore } from "./cache-store.ts";
import { checkBound } from "./check-bound.ts";

/** How much a cache in memory keeps. */
export interface MemoryCacheOptions {
  /** The most answers (default 1,000). */
  readonly maxEntries?: number;
  /** The most bytes of answers and keys together (default 16 MiB). */
  readonly maxBytes?: number;
}

/** A cache in memory. It answers at once. */
export interface MemoryCache extends CacheStore {
  get(key: string): CacheEntry | undefined;
  set(key: string, entry: CacheEntry): void;
}

const DEFAULT_ENTRIES = 1_000;
const DEFAULT_BYTES = 16 * 1024 * 1024;

/**
 * Creates a cache in the memory of this process. When it is full, the answer that was not asked for the longest goes first.
 *
 * @example
 * ```ts
 * const store = createMemoryCache({ maxEntries: 1 });
 * store.set("a", { answer: "{}", expiresAt: 1 });
 * store.set("b", { answer: "{}", expiresAt: 1 });
 * assert.equal(store.get("a"), undefined);
 * ```
 */
export function createMemoryCache(options: MemoryCacheOptions = {}): MemoryCache {
  checkOptions("createMemoryCache", options, ["maxEntries", "maxBytes"]);
  const { maxEntries = DEFAULT_ENTRIES, maxBytes = DEFAULT_BYTES } = options;
  checkBound("createMemoryCache", "maxEntries", maxEntries);
  checkBound("createMemoryCache", "maxBytes", maxBytes);
  // A map keeps the order of insertion, and each use inserts anew: the first entry is the one that was not used for the longest.
  const entries = new Map<string, CacheEntry>();
  let bytes = 0;

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(key, entry) {
      remove(key);
      const size = sizeOf(key, entry);
      if (size > maxBytes) return;
      entries.set(key, entry);
      bytes += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break;
        remove(oldest);
      }
    },
  };

  function remove(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    bytes -= sizeOf(key, entry);
  }
}

function sizeOf(key: string, { answer }: CacheEntry): number {
  return Buffer.byteLength(key) + Buffer.byteLength(answer);
}
