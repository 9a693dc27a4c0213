/** A bounded number of places. Callers that find no free place wait in order. */
export interface Places {
  /** Resolves with a function that gives the place back. Rejects with the signal's reason if it is aborted first. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Creates `count` free places. */
export function createPlaces(count: number): Places {
  let free = count;
  const waiting = new Set<(giveBack: () => void) => void>();

  const placeOnce = (): (() => void) => {
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const [next] = waiting;
      if (next === undefined) {
        free += 1;
      } else {
        waiting.delete(next);
        next(placeOnce());
      }
    };
  };

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return placeOnce();
      }
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting.delete(enter);
          reject(signal.reason);
        };
        const enter = (giveBack: () => void): void => {
          signal.removeEventListener("abort", leave);
          resolve(giveBack);
        };
        waiting.add(enter);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
