/** A value that is there at once, or a promise of it. */
export type Awaitable<Value> = Value | PromiseLike<Value>;

/**
 * Work that waits only where it has to: it yields the promises that it needs, and does everything else in the same turn. So one
 * text serves an engine that answers at once and one that answers later.
 */
export type Work<Result> = Generator<PromiseLike<unknown>, Result, unknown>;

/** Does all of the work. The result is a promise only if the work had to wait. */
export function perform<Result>(work: Work<Result>): Result | Promise<Result> {
  const first = work.next();
  return first.done ? first.value : performLater(work, first.value);
}

async function performLater<Result>(work: Work<Result>, first: PromiseLike<unknown>): Promise<Result> {
  for (let waitsFor = first; ; ) {
    let next: IteratorResult<PromiseLike<unknown>, Result>;
    let answer: unknown;
    try {
      answer = await waitsFor;
    } catch (error) {
      next = work.throw(error);
      if (next.done) return next.value;
      waitsFor = next.value;
      continue;
    }
    next = work.next(answer);
    if (next.done) return next.value;
    waitsFor = next.value;
  }
}

/** The answer, after a wait if it is not there yet. Use it as `yield* answered(…)`. */
export function* answered<Value>(answer: Awaitable<Value>): Work<Value> {
  // perform() gives back what the promise resolved with.
  return isPending(answer) ? ((yield answer) as Value) : answer;
}

/** True for a promise, of whatever library. A row may have a column that is named so. */
export function isPending(answer: unknown): answer is PromiseLike<unknown> {
  return (
    typeof answer === "object" && answer !== null && "then" in answer && typeof answer.then === "function"
  );
}
