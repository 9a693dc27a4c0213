const FRESH_MS = 1_000;

/**
 * Lets parts of a view that ask for the same thing at about the same time share one request: a token may send only so many.
 *
 * @template Data
 * @param {() => Promise<Data>} read
 * @returns {() => Promise<Data>}
 */
export function shareReads(read) {
  /** @type {{ readonly data: Promise<Data>, readonly at: number } | undefined} */
  let last;
  return () => {
    const now = performance.now();
    if (last !== undefined && now - last.at < FRESH_MS) return last.data;
    const data = read();
    const mine = { data, at: now };
    last = mine;
    // A failure is nobody else's.
    data.catch(() => {
      if (last === mine) last = undefined;
    });
    return data;
  };
}
