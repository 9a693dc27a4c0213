import { type Logger, traceparentText } from "@atlas/core";
import type { Observe, Work, WorkEnd } from "../contract/observe.ts";

/** Runs work under observation, and settles as the work does. */
export type Observer<Observed = Work> = <Result>(
  work: Observed,
  run: (traceparent?: string) => Promise<Result>,
  /** How a result is to be called. Default: a success. */
  endOf?: (result: Result) => WorkEnd,
) => Promise<Result>;

const SUCCEEDED: WorkEnd = Object.freeze({ status: "succeeded" });

/** One observer of several, the first one outermost; nothing of none. */
export function createObserver<Observed>(
  list: readonly Observe<Observed>[],
  log: Logger,
): Observer<Observed> | undefined {
  const [first, ...others] = list;
  if (first === undefined) return undefined;
  const outer = contained(first, log);
  const inner = createObserver(others, log);
  if (inner === undefined) return outer;
  return (work, run, endOf) =>
    outer(work, (traceparent) => inner(work, (own) => run(own ?? traceparent), endOf), endOf);
}

/** What goes wrong in `observe` is logged once, since it would go wrong with each piece of work. */
function contained<Observed>(observe: Observe<Observed>, log: Logger): Observer<Observed> {
  let isReported = false;
  const report = (error: unknown): void => {
    if (isReported) return;
    isReported = true;
    log.warn({ error }, "What observes the work failed. The work goes on; further failures are not logged.");
  };

  return (work, run, endOf = () => SUCCEEDED) => {
    let running: ReturnType<typeof run> | undefined;
    const once = (traceparent?: string): ReturnType<typeof run> => {
      running ??= run(traceparentText.safeParse(traceparent).data);
      return running;
    };
    try {
      const observing = observe(work, (traceparent) =>
        once(traceparent).then(endOf, (error: unknown) => ({ status: "failed", error })),
      );
      if (observing instanceof Promise) observing.catch(report);
    } catch (error) {
      report(error);
    }
    return once();
  };
}

/** Runs work under the observation of a host, if it has any. */
export function observed<Result>(
  { observer }: { readonly observer?: Observer },
  work: () => Work,
  run: (traceparent?: string) => Promise<Result>,
  endOf?: (result: Result) => WorkEnd,
): Promise<Result> {
  return observer === undefined ? run() : observer(work(), run, endOf);
}

/** A context in which another span is the present one. */
export function withTraceparent<Context extends object>(
  context: Context,
  traceparent: string | undefined,
): Context {
  return traceparent === undefined ? context : { ...context, traceparent };
}
