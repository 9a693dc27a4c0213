import type { Job } from "@atlas/core";
import { handled } from "../../calling/handled.ts";
import { PluginError } from "../../contract/errors.ts";
import type { PluginsCommand } from "../../module/plugins-module.ts";

/** A wait to be stored when its job is parked. */
export type OpenWait = Omit<Extract<PluginsCommand, { type: "plugins.wait.open" }>, "type">;

/** What a run ended with: the waits at which its job is parked. */
export interface Park {
  readonly waits: readonly OpenWait[];
  /** When the first of them times out; absent: none does. */
  readonly until?: string;
}

/** Decides when an attempt can go no further, and ends it. */
export interface Parking {
  /** The attempt is not parked while this work goes on. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Parks the attempt at these waits, together with all others of this turn. The promise only ever rejects. */
  add(waits: readonly OpenWait[]): Promise<never>;
  /** Parks no more: the workflow has returned. */
  end(): void;
}

/**
 * The parking of one attempt. An attempt is parked when it waits somewhere, none of its steps runs, all of its commands are committed, and
 * one more turn of the event loop has brought nothing new. So waits that begin together are parked together.
 */
export function createParking(options: {
  readonly job: Pick<Job, "id">;
  /** Waits for every command of the attempt; throws the first refusal. */
  readonly settled: () => Promise<void>;
  /** Ends the attempt. From now on its context throws this error. */
  readonly onPark: (park: Park, error: PluginError) => void;
}): Parking {
  const { job, settled, onPark } = options;
  const pending: { readonly waits: readonly OpenWait[]; readonly reject: (error: unknown) => void }[] = [];
  let busy = 0;
  // Counts what began or ended, so that a check sees whether anything did.
  let changes = 0;
  let isChecking = false;
  let isOver = false;

  return {
    async during(work) {
      busy += 1;
      changes += 1;
      try {
        return await work();
      } finally {
        busy -= 1;
        changes += 1;
        look();
      }
    },
    add(waits) {
      const { promise, reject } = Promise.withResolvers<never>();
      pending.push({ waits, reject });
      changes += 1;
      look();
      return handled(promise);
    },
    end() {
      isOver = true;
    },
  };

  function look(): void {
    if (isChecking || isOver || busy > 0 || pending.length === 0) return;
    isChecking = true;
    check().catch((error: unknown) => {
      // A command that was sent before was refused: the attempt has failed.
      isOver = true;
      for (const { reject } of pending) reject(error);
    });
  }

  async function check(): Promise<void> {
    for (let before = -1; before !== changes; ) {
      before = changes;
      await settled();
      await new Promise<void>((resolve) => void setImmediate(resolve));
      // The end of what is busy now looks again.
      if (busy > 0 || isOver) {
        isChecking = false;
        return;
      }
    }
    isOver = true;
    const waits = pending.flatMap((entry) => entry.waits);
    const deadlines = waits.flatMap(({ deadline }) => (deadline === undefined ? [] : [deadline])).sort();
    const error = suspended(job.id, waits);
    onPark({ waits, ...(deadlines[0] === undefined ? {} : { until: deadlines[0] }) }, error);
    for (const { reject } of pending) reject(error);
  }
}

function suspended(id: string, waits: readonly OpenWait[]): PluginError {
  const step = waits.map(({ name }) => name).join(", ");
  return new PluginError(
    "ATLAS_PLUGINS_SUSPENDED",
    { id, step },
    `The job "${id}" waits at "${step}". This attempt has ended, and the job runs again from the top later. Rethrow this error if you catch it: isAttemptOver(error) tells it from a failure.`,
  );
}
