import type { Clock } from "@atlas/core";
import type { Gateway } from "../../gateway.ts";
import { bytesOf, type SentEvent, sentEvent } from "./event-frames.ts";
import type { EventStream } from "./event-stream.ts";

/** A stream of domain events, and how far it has come. */
export interface EventListener {
  readonly stream: EventStream;
  /** Every event up to this number was sent, or is not wanted. */
  position: number;
  readonly types: ReadonlySet<string> | undefined;
}

/** The events of now, read once for all streams. */
export interface LiveEvents {
  /** Every event up to this number was handed to those who were there. */
  readonly position: number;
  /** Hands everything after `position` to a listener who has come at least so far. */
  add(listener: EventListener): void;
  remove(listener: EventListener): void;
  end(): void;
}

// Up to here each commit is sent at once; with more listeners, writes are saved by sending what a few milliseconds bring together.
const FEW_LISTENERS = 64;
const GATHER_MS = 20;

/** Follows the events after `after`. `onOver` is called when that ends by itself, with the error if there was one. */
export function followLiveEvents(options: {
  readonly gateway: Pick<Gateway, "follow">;
  readonly clock: Clock;
  readonly after: number;
  readonly onOver: (error: unknown) => void;
}): LiveEvents {
  const { gateway, clock, after, onOver } = options;
  const listeners = new Set<EventListener>();
  const ended = new AbortController();
  let position = after;
  let gathered: SentEvent[] = [];
  let cancelFlush: (() => void) | undefined;

  void run().then(
    () => over(undefined),
    (error: unknown) => over(error),
  );

  return {
    get position() {
      return position;
    },
    add: (listener) => void listeners.add(listener),
    remove: (listener) => void listeners.delete(listener),
    end() {
      cancelFlush?.();
      ended.abort();
    },
  };

  async function run(): Promise<void> {
    let previous = after;
    for await (const event of gateway.follow({ after, signal: ended.signal })) {
      gathered.push(sentEvent(event, previous));
      previous = event.seq;
      cancelFlush ??= soon();
    }
  }

  function over(error: unknown): void {
    if (ended.signal.aborted) return;
    cancelFlush?.();
    flush();
    onOver(error);
  }

  function soon(): () => void {
    if (listeners.size > FEW_LISTENERS) return clock.after(GATHER_MS, flush);
    const immediate = setImmediate(flush);
    return () => clearImmediate(immediate);
  }

  function flush(): void {
    cancelFlush = undefined;
    const events = gathered;
    const last = events.at(-1);
    if (last === undefined) return;
    gathered = [];
    const from = position;
    position = last.seq;
    const shared = new Map<ReadonlySet<string> | undefined, Uint8Array | undefined>();
    for (const listener of [...listeners]) {
      const { types, stream } = listener;
      if (listener.position >= position) continue;
      let bytes: Uint8Array | undefined;
      if (listener.position === from && shared.has(types)) bytes = shared.get(types);
      else {
        bytes = bytesOf(
          events.filter(({ seq }) => seq > listener.position),
          types,
        );
        if (listener.position === from) shared.set(types, bytes);
      }
      listener.position = position;
      if (bytes !== undefined) stream.send(bytes);
    }
  }
}
