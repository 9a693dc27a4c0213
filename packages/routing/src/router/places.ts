/** A bounded number of places. Callers that find no free place wait in order. */
export interface Places {
  /** True while no place is free. */
  readonly isFull: boolean;
  /** Takes a free place and returns a function that gives it back; returns `undefined` if none is free. */
  take(): GiveBack | undefined;
  /**
   * Waits in line and calls `enter` once, as soon as a place is free. Returns a function that leaves the line; after `enter`
   * it has no effect.
   */
  waitInLine(enter: (giveBack: GiveBack) => void): () => void;
}

/** Gives a place back. A second call has no effect. */
export type GiveBack = () => void;

/** Creates `count` free places. */
export function createPlaces(count: number): Places {
  let free = count;
  const line = new Set<(giveBack: GiveBack) => void>();

  const placeOnce = (): GiveBack => {
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const [next] = line;
      if (next === undefined) {
        free += 1;
      } else {
        line.delete(next);
        next(placeOnce());
      }
    };
  };

  const take = (): GiveBack | undefined => {
    if (free === 0) return undefined;
    free -= 1;
    return placeOnce();
  };

  return {
    get isFull() {
      return free === 0;
    },
    take,
    waitInLine(enter) {
      const place = take();
      if (place !== undefined) {
        enter(place);
        return () => undefined;
      }
      const waiting = (giveBack: GiveBack): void => enter(giveBack);
      line.add(waiting);
      return () => void line.delete(waiting);
    },
  };
}
