/** Runs work one after the other, in the order of the calls. Failed work does not keep the next from running. */
export type OneAtATime = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** A line of its own for work that must not overlap. */
export function createOneAtATime(): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
