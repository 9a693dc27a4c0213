/** Work that holds several names, each of which one piece of work has at a time. */
export interface Lines {
  /** Does the work once all earlier work with one of these names has ended. It resolves or rejects as the work does. */
  inTurn<Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result>;
}

/** Lines of work. Each takes its place in all of its lines at once, so no two can wait for each other. */
export function createLines(): Lines {
  const ends = new Map<string, Promise<void>>();
  return {
    async inTurn(names, work) {
      const mine = Promise.all(names.map((name) => ends.get(name))).then(work);
      const end = mine.then(
        () => undefined,
        () => undefined,
      );
      for (const name of names) ends.set(name, end);
      try {
        return await mine;
      } finally {
        for (const name of names) if (ends.get(name) === end) ends.delete(name);
      }
    },
  };
}
