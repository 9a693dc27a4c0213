import type { DomainEvent } from "@atlas/core";
import { encodeFrame } from "./frame.ts";

/** Events that were read one after the other, each encoded once however many streams send it. */
export interface SentEvent {
  readonly seq: number;
  readonly type: string;
  /** The event, after a `resync` where events before it are missing. */
  readonly bytes: () => Uint8Array;
  /** Only the `resync`; nothing where no event is missing. */
  readonly resync: Uint8Array | undefined;
}

/** An event as it is sent to a stream that stands at `previous`. */
export function sentEvent(event: DomainEvent, previous: number): SentEvent {
  const { seq, type } = event;
  const resync = seq === previous + 1 ? undefined : encodeResync(previous, seq);
  let bytes: Uint8Array | undefined;
  return {
    seq,
    type,
    resync,
    bytes() {
      bytes ??= joined([...(resync === undefined ? [] : [resync]), encodeFrame({ id: seq, data: event })]);
      return bytes;
    },
  };
}

/** Says that events after `after` were pruned, and which the first one is that is still there. */
export function encodeResync(after: number, first_seq: number): Uint8Array {
  return encodeFrame({ id: first_seq - 1, event: "resync", data: { after, first_seq } });
}

/** What a stream gets that wants these types; nothing where there is none of them. */
export function bytesOf(
  events: readonly SentEvent[],
  types: ReadonlySet<string> | undefined,
): Uint8Array | undefined {
  const parts = events.flatMap((event) =>
    types === undefined || types.has(event.type)
      ? [event.bytes()]
      : event.resync === undefined
        ? []
        : [event.resync],
  );
  return parts.length === 0 ? undefined : joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}
