import type { Clock, ReadOnlyRepo } from "@atlas/core";
import type { PluginsModule, SinkHealth } from "@atlas/plugins";
import type { SinkStats } from "./gateway-stats.ts";

/** A sink: how its deliveries went, and how far it is behind. */
export type SinkState = SinkHealth & Pick<SinkStats, "lagEvents" | "lagMs" | "retryingEvents" | "deadEvents">;

/** Reads how far each sink is behind. */
export function createSinkStates(options: {
  readonly clock: Clock;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly health: () => readonly SinkHealth[];
}): { list(): Promise<readonly SinkState[]>; stats(): Promise<readonly SinkStats[]> } {
  const { clock, repo, health } = options;

  const list = async (): Promise<readonly SinkState[]> => {
    const last = await repo.plugins.lastEventSeq();
    const stored = new Map((await repo.plugins.listSinkLags()).map((lag) => [lag.sink_id, lag]));
    return Promise.all(
      health().map(async (sink) => {
        const { event_seq = 0, retrying = 0, dead = 0 } = stored.get(sink.id) ?? {};
        // The stored place is up to 200 ms old; before the start there is no other.
        const place = Math.max(sink.eventSeq, event_seq);
        const oldest = place < last ? await repo.plugins.firstEventAtAfter(place) : undefined;
        return {
          ...sink,
          lagEvents: Math.max(0, last - place),
          lagMs: oldest === undefined ? 0 : Math.max(0, clock.now() - Date.parse(oldest)),
          retryingEvents: retrying,
          deadEvents: dead,
        };
      }),
    );
  };

  return {
    list,
    stats: async () =>
      (await list()).map(({ id, pausedAt, lagEvents, lagMs, retryingEvents, deadEvents, failures }) => ({
        sink_id: id,
        isPaused: pausedAt !== undefined,
        lagEvents,
        lagMs,
        retryingEvents,
        deadEvents,
        failuresInARow: failures,
      })),
  };
}
