/** A job queue that stays open, with a job that does nothing. */
export interface JobLane {
  /** How many jobs one slice of it handles: slow queues do fewer, so that a bench ends. */
  readonly jobs: number;
  /** The same where creating them is measured too. */
  readonly endToEndJobs: number;
  /** Queues jobs from `producers` callers at once, each awaiting its receipt; nothing runs meanwhile. */
  create(count: number, producers: number): Promise<void>;
  /** Starts the workers, and resolves when all that is queued is done for good; then it stops them again. */
  process(concurrency: number): Promise<void>;
  /** Both at the same time. */
  endToEnd(options: {
    readonly count: number;
    readonly producers: number;
    readonly concurrency: number;
  }): Promise<void>;
  /** With idle workers: for each of `count` jobs, one after the other, the time from its creation to its start. */
  latencies(count: number, concurrency: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Does `count` things, `lanes` at a time, each lane one after the other. */
export async function spread(count: number, lanes: number, one: () => unknown): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** Counts to a number, and tells when it is reached. */
export function createCountdown(): { start(count: number): Promise<void>; done(): void } {
  let left = 0;
  let resolve: () => void = () => undefined;
  return {
    start(count) {
      left = count;
      return new Promise((reached) => {
        resolve = reached;
      });
    },
    done() {
      left -= 1;
      if (left === 0) resolve();
    },
  };
}
