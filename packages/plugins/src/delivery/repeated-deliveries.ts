import { type Clock, isoTime, type ReadOnlyRepo } from "@atlas/core";
import type { FailedDelivery } from "../module/failed-deliveries.ts";
import type { PluginsModule } from "../module/plugins-module.ts";
import type { SinkAttempts } from "./sink-attempts.ts";

const RETRIES_A_ROUND = 20;
// The wall clock may be set forward.
const LONGEST_PAUSE_MS = 5_000;

/**
 * A round of the repeated deliveries of one sink that are due, one at a time. It runs beside the delivery of new events, so a sink gets
 * at most two calls at once: one for a new event and one for an event that failed before.
 */
export function createRepeatedDeliveries(options: {
  readonly sinkId: string;
  readonly clock: Clock;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly attempts: SinkAttempts;
  /** True when the sink is not to be called: it is paused, or the gateway stops. */
  readonly isHeld: () => boolean;
  /** Removes a failed delivery that has succeeded after all. */
  readonly settle: (seq: number) => Promise<void>;
}): () => Promise<number | undefined> {
  const { sinkId, clock, repo, attempts, isHeld, settle } = options;

  return async () => {
    const due = { sink_id: sinkId, now: isoTime(clock.now()), limit: RETRIES_A_ROUND };
    const failed = await repo.plugins.listDueFailedDeliveries(due);
    for (const one of failed) if (!(await deliverAgain(one))) return undefined;
    if (failed.length === RETRIES_A_ROUND) return 0;
    const nextAt = await repo.plugins.nextFailedDeliveryAt(sinkId);
    if (nextAt === undefined) return undefined;
    return Math.max(1, Math.min(Date.parse(nextAt) - clock.now(), LONGEST_PAUSE_MS));
  };

  /** False when the gateway stopped or the sink is paused. */
  async function deliverAgain({ event_seq, attempts: before }: FailedDelivery): Promise<boolean> {
    if (isHeld()) return false;
    const [event] = (await repo.listDomainEvents({ after: event_seq - 1, limit: 1 })).items;
    // An event that the host marked as delivered may have been pruned since.
    const end = event?.seq === event_seq ? await attempts.deliver(event, before + 1) : "delivered";
    if (end === "stopped") return false;
    if (end === "delivered") await settle(event_seq);
    return true;
  }
}
