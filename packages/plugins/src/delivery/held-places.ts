import type { Clock, Logger } from "@atlas/core";
import type { SinkRoute } from "./sink-route.ts";

/** Up to which event a sink lets prune remove events. */
export interface HeldPlaces {
  /** The number of the last event that the sink no longer needs; infinite when it needs none. */
  of(route: Pick<SinkRoute, "id" | "cursor" | "health">): number;
}

/** How long a sink that takes no events holds them back from prune. */
export const HELD_MS = 7 * 24 * 60 * 60 * 1_000;

/** The places of one delivery. A paused sink holds events for a while, like one that is gone, so that a forgotten pause cannot fill the disk. */
export function createHeldPlaces({
  clock,
  log,
}: {
  readonly clock: Clock;
  readonly log: Logger;
}): HeldPlaces {
  const released = new Map<string, string>();

  return {
    of({ id, cursor, health }) {
      const { pausedAt } = health();
      if (pausedAt === undefined || clock.now() - Date.parse(pausedAt) < HELD_MS) return cursor();
      if (released.get(id) !== pausedAt) {
        released.set(id, pausedAt);
        log.warn(
          { sink_id: id, event_seq: cursor(), paused_at: pausedAt },
          `The sink "${id}" has been paused for 7 days. Events are no longer kept for it; those that prune has not removed are delivered when it is resumed.`,
        );
      }
      return Number.POSITIVE_INFINITY;
    },
  };
}
