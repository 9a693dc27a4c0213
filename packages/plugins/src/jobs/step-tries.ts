import { AsyncLocalStorage } from "node:async_hooks";

/** A try of a step: with `retry`, a step has several in one attempt. */
export interface StepTry {
  readonly name: string;
}

/** The steps that an attempt runs, for what is called inside them. */
export interface StepTries {
  /** Begins a try of a step. */
  run<Result>(name: string, work: () => Result): Result;
  /** The try in which this code runs; nothing outside steps. */
  current(): StepTry | undefined;
  /** The last try of a step in this attempt. */
  last(name: string): StepTry | undefined;
}

/** The steps of one attempt. */
export function createStepTries(): StepTries {
  const storage = new AsyncLocalStorage<StepTry>();
  const tries = new Map<string, StepTry>();

  return {
    run(name, work) {
      const started: StepTry = { name };
      tries.set(name, started);
      return storage.run(started, work);
    },
    current: () => storage.getStore(),
    last: (name) => tries.get(name),
  };
}
