const FRESH_MS = 1_000;

/**
 * Lets parts of a view that ask for the same thing at about the same time share one request: a token may send only so many. What was read
 * before a change is not shared.
 *
 * @template Data
 * @param {() => Promise<Data>} read
 * @param {() => number} changes How many changes are known.
 * @returns {() => Promise<Data>}
 */
export function shareReads(read, changes) {
  /** @type {{ readonly data: Promise<Data>, readonly at: number, readonly change: number } | undefined} */
  let last;
  return () => {
    const at = performance.now();
    const change = changes();
    if (last !== undefined && at - last.at < FRESH_MS && last.change === change) return last.data;
    const mine = { data: read(), at, change };
    last = mine;
    // A failure is nobody else's.
    mine.data.catch(() => {
      if (last === mine) last = undefined;
    });
    return mine.data;
  };
}
