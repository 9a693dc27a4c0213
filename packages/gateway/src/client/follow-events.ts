import { ClientError } from "./client-error.ts";
import { followStream } from "./open-stream.ts";
import { operations } from "./operations.ts";
import type { DomainEventRecord, MissedEvents } from "./records.ts";
import type { Sender } from "./sender.ts";

/** Options of `client.domainEvents.follow`. */
export interface FollowEventsOptions {
  /** Begins after the event with this `seq`; 0 begins with the oldest one that is kept. Default: only new events. */
  readonly after?: number;
  /** Only events of exactly these types. Default: all. */
  readonly types?: readonly string[];
  /** Ends it. Default: it goes on until the loop is left. */
  readonly signal?: AbortSignal;
  /**
   * Called where events were pruned before this client has had them; then it goes on with the first that is kept. Default: it throws
   * `ATLAS_CLIENT_EVENTS_MISSED`.
   */
  readonly onMissed?: (missed: MissedEvents) => void;
}

/**
 * Domain events in commit order. When the connection breaks off, it is opened again where the last one ended: no event is left out, and
 * none comes twice. Throws a `ClientError` when the server refuses it, and the reason of `signal`.
 */
export type FollowEvents = (options?: FollowEventsOptions) => AsyncIterable<DomainEventRecord>;

/** Follows domain events with this sender. */
export function createFollowEvents(sender: Sender): FollowEvents {
  return async function* follow({ after, types, signal, onMissed } = {}) {
    let lastId: string | undefined;
    const stream = followStream(sender, operations["domainEvents.follow"], {
      signal,
      given: () => ({
        input: { ...(after === undefined ? {} : { after }), ...(types === undefined ? {} : { types }) },
        options: lastId === undefined ? {} : { headers: { "last-event-id": lastId } },
      }),
    });
    for await (const { event, data, id } of stream) {
      lastId = id ?? lastId;
      if (data === undefined) continue;
      if (event === "resync") {
        // What the server writes.
        const missed = JSON.parse(data) as MissedEvents;
        if (onMissed === undefined) throw eventsMissed(missed);
        onMissed(missed);
      } else if (event === "message") yield JSON.parse(data) as DomainEventRecord;
    }
  };
}

function eventsMissed({ after, first_seq }: MissedEvents): ClientError {
  return new ClientError(
    "ATLAS_CLIENT_EVENTS_MISSED",
    `The events after ${after} and before ${first_seq} were pruned. Read the present state, then follow from ${first_seq - 1}; or pass onMissed.`,
    { status: 200 },
  );
}
