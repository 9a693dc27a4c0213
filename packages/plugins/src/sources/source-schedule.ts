import { readFailure } from "../calling/failure.ts";
import { retryDelayMs } from "../contract/retry.ts";
import type { SourcePlugin } from "../contract/source.ts";
import type { Scheduled } from "../schedules/scheduler.ts";

/** A source's schedule. After a failed sync, the next one comes after a pause that grows, and not at the regular time. */
export function scheduleOfSource(
  { id, schedule, retry }: SourcePlugin,
  options: {
    readonly sync: () => Promise<unknown>;
    /** Failed syncs in a row. */
    readonly failures: () => number;
    readonly random: () => number;
  },
): readonly Scheduled[] {
  if (schedule === undefined) return [];
  const { sync, failures, random } = options;
  return [
    {
      kind: "source",
      id,
      schedule,
      async fire() {
        try {
          await sync();
          return {};
        } catch (error) {
          const { retryable, retryAfterMs = 0 } = readFailure(error);
          if (!retryable) return {};
          const delayMs = retryDelayMs(failures(), { policy: retry, random: random() });
          return { pauseMs: Math.max(retryAfterMs, delayMs) };
        }
      },
    },
  ];
}
