import { setImmediate as turn } from "node:timers/promises";
import type { Clock, Logger } from "@atlas/core";
import type { Gateway } from "../../gateway.ts";
import { bytesOf, encodeResync, sentEvent } from "./event-frames.ts";
import type { EventStream } from "./event-stream.ts";
import { encodeFrame } from "./frame.ts";
import { type EventListener, followLiveEvents, type LiveEvents } from "./live-events.ts";

/** Somebody who wants domain events, as `Streams.open` takes it. */
interface Following {
  /** Sends the stored events, then lets the stream have each new one. */
  readonly work: (stream: EventStream) => Promise<void>;
  readonly position: () => number;
  readonly onOver: () => void;
}

/** Domain events for streams. However many streams there are, new events are read and encoded once. */
export interface EventFeed {
  follow(options: {
    /** Only events with a greater number. */
    readonly after: number;
    readonly types: readonly string[] | undefined;
    readonly log: Logger;
  }): Following;
}

/** The feed of one gateway. It reads only while somebody listens. */
export function createEventFeed(gateway: Gateway, clock: Clock): EventFeed {
  const listeners = new Set<EventListener>();
  // One set for everybody who wants the same types, so that they share what is encoded.
  const typeSets = new Map<string, ReadonlySet<string>>();
  let live: Promise<LiveEvents> | undefined;

  return {
    follow({ after, types, log }) {
      const wanted = types === undefined ? undefined : typeSet(types);
      let position = (): number => after;
      let leave = (): void => undefined;
      return {
        position: () => position(),
        onOver: () => leave(),
        async work(stream) {
          const listener: EventListener = { stream, types: wanted, position: after };
          listeners.add(listener);
          position = () => listener.position;
          const over = new AbortController();
          leave = () => {
            over.abort();
            forget(listener);
          };
          if (stream.isOver) return leave();
          // A client that is cut before the first event resumes here.
          stream.send(encodeFrame({ id: after }));
          live ??= begin(log).catch((error: unknown) => {
            live = undefined;
            throw error;
          });
          const now = await live;
          await catchUp(listener, now, over.signal);
          if (!stream.isOver) now.add(listener);
        },
      };
    },
  };

  async function begin(log: Logger): Promise<LiveEvents> {
    return followLiveEvents({
      gateway,
      clock,
      after: await gateway.repo.lastDomainEventSeq(),
      onOver(error) {
        live = undefined;
        if (error !== undefined) log.error({ error }, "Following the domain events failed.");
        for (const { stream } of [...listeners]) {
          if (error === undefined) stream.end();
          else stream.fail("The server failed to read the domain events.");
        }
      },
    });
  }

  function forget(listener: EventListener): void {
    listeners.delete(listener);
    const left = (now: LiveEvents): void => {
      now.remove(listener);
      if (listeners.size > 0) return;
      now.end();
      live = undefined;
      typeSets.clear();
    };
    // Where it could not begin, every stream has heard of it.
    live?.then(left, () => undefined);
  }

  /** Sends what is stored, at the pace of the client, until the listener is where the others are. */
  async function catchUp(listener: EventListener, now: LiveEvents, signal: AbortSignal): Promise<void> {
    const { stream } = listener;
    if (listener.position >= now.position) return;
    const [first] = (await gateway.repo.listDomainEvents({ after: listener.position, limit: 1 })).items;
    if (first === undefined) {
      // All of them were pruned.
      stream.send(encodeResync(listener.position, now.position + 1));
      listener.position = now.position;
      return;
    }
    for await (const event of gateway.follow({ after: listener.position, signal })) {
      if (stream.isOver) break;
      const bytes = bytesOf([sentEvent(event, listener.position)], listener.types);
      listener.position = event.seq;
      if (bytes !== undefined) stream.send(bytes);
      if (stream.queuedBytes > 0) await stream.drained();
      else if (event.seq % 100 === 0) await turn();
      if (listener.position >= now.position) break;
    }
  }

  function typeSet(types: readonly string[]): ReadonlySet<string> {
    const sorted = [...new Set(types)].sort();
    const key = JSON.stringify(sorted);
    const known = typeSets.get(key) ?? new Set(sorted);
    typeSets.set(key, known);
    return known;
  }
}
