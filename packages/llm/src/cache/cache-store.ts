/** Where `withCache` keeps answers. Both methods may be called at any time, also for the same key at once. */
export interface CacheStore {
  /** Returns what was set last, or `undefined`. It may also return entries whose time is over. */
  get(key: string): CacheEntry | undefined | Promise<CacheEntry | undefined>;
  /** Keeps an entry, for as long as the store likes. What was set for the key before is replaced. */
  set(key: string, entry: CacheEntry): void | Promise<void>;
}

/** One answer of a cache. */
export interface CacheEntry {
  /** The answer as JSON. */
  readonly answer: string;
  /** When the answer is too old to be given again, in milliseconds since 1970 (UTC). */
  readonly expiresAt: number;
}
