import type { CoreModule, EventOf, JsonObject, Logger, Store } from "@atlas/core";

/** What happens to a job. `requeued`: it waits, is tried again later, was redriven, or was put off by `jobs.debounce`. */
export type JobEventName = "created" | "started" | "requeued" | "succeeded" | "failed" | "cancelled";

/** Something that happened to a job. It is on disk. */
export interface JobEvent<Name extends JobEventName = JobEventName> {
  readonly name: Name;
  readonly job_id: string;
  /** Why a job failed for good, or was queued again after a failure. */
  readonly error?: JsonObject;
  /** The domain event, with its number and time. */
  readonly event: EventOf<CoreModule, `job.${Name}`>;
}

/** Calls `listener` for every such event from now on. The returned function ends that. */
export type OnJobEvent = <Name extends JobEventName>(
  name: Name,
  listener: (event: JobEvent<Name>) => unknown,
) => () => void;

const NAMES: readonly JobEventName[] = ["created", "started", "requeued", "succeeded", "failed", "cancelled"];

/** The listeners of one gateway's jobs. A listener that throws, or whose promise rejects, is logged and stays. */
export function createJobEvents(options: {
  readonly onCommitted: Store["onCommitted"];
  readonly log: Logger;
}): OnJobEvent {
  const { onCommitted, log } = options;
  return (name, listener) => {
    if (!NAMES.includes(name))
      throw new TypeError(
        `jobs.on: the name must be one of ${NAMES.join(", ")}; got ${JSON.stringify(name)}.`,
      );
    if (typeof listener !== "function") throw new TypeError(`jobs.on("${name}") takes a function.`);
    const type = `job.${name}`;
    return onCommitted(({ events }) => {
      for (const event of events) {
        if (event.type !== type || event.aggregate_id === undefined) continue;
        const { error } = event.payload;
        const job_id = event.aggregate_id;
        const failed = (thrown: unknown): void =>
          log.error({ error: thrown, job_id }, `A listener of jobs.on("${name}") failed.`);
        try {
          // It may be an async function, whose promise nobody else looks at.
          const returned = listener({
            name,
            job_id,
            // Core's handler put the error of the job there.
            ...(error === undefined ? {} : { error: error as JsonObject }),
            // Its type has been compared above.
            event: event as EventOf<CoreModule, `job.${typeof name}`>,
          });
          if (returned instanceof Promise) returned.catch(failed);
        } catch (thrown) {
          failed(thrown);
        }
      }
    });
  };
}
