import type { Clock } from "@atlas/core";
import { ProblemError } from "../problem/problem-error.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";
import { encodeHeartbeat } from "./frame.ts";

/** The open streams of one server. */
export interface Streams {
  /**
   * Opens a stream, and returns it as a response. `work` sends what there is and then returns, or waits; when it rejects, the stream is
   * cut. Throws a problem of status 503 when too many are open.
   */
  open(options: {
    /** Ends the stream. */
    readonly signal: AbortSignal;
    readonly work: (stream: EventStream) => Promise<void>;
    /** The id that a heartbeat carries. Default: none. */
    readonly position?: () => number;
    /** Called once when the stream has ended. */
    readonly onOver?: () => void;
  }): Response;
  readonly count: number;
}

const HEARTBEAT_MS = 15_000;
const MOST_BYTES = 1024 * 1024;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  // Tells nginx not to collect what is to be sent at once.
  "x-accel-buffering": "no",
};

interface Open {
  readonly stream: EventStream;
  readonly position: (() => number) | undefined;
  /** `reads` at the last heartbeat. */
  readAt: number;
}

/** At most `most` streams with one timer for all of them, which runs only while there are any. */
export function createStreams(options: { readonly clock: Clock; readonly most: number }): Streams {
  const { clock, most } = options;
  const opened = new Set<Open>();
  let cancelTimer: (() => void) | undefined;

  return {
    open({ signal, work, position, onOver }) {
      if (opened.size >= most)
        throw new ProblemError(
          "ATLAS_HTTP_UNAVAILABLE",
          `${most} streams are open, which is the most that this server allows. Close one, or try again later.`,
          { headers: { "retry-after": "10" } },
        );
      const end = (): void => stream.end();
      const stream = createEventStream({
        mostBytes: MOST_BYTES,
        onOver() {
          opened.delete(open);
          signal.removeEventListener("abort", end);
          if (opened.size === 0) stopTimer();
          onOver?.();
        },
      });
      const open: Open = { stream, position, readAt: -1 };
      opened.add(open);
      cancelTimer ??= clock.after(HEARTBEAT_MS, beat);
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
      work(stream).catch(() => stream.fail("The server failed to read what this stream sends."));
      return new Response(stream.body, { headers: HEADERS });
    },
    get count() {
      return opened.size;
    },
  };

  function beat(): void {
    cancelTimer = clock.after(HEARTBEAT_MS, beat);
    for (const open of [...opened]) {
      const { stream, position, readAt } = open;
      // A client that took nothing between two heartbeats has gone away without a word.
      if (stream.queuedBytes > 0 && stream.reads === readAt)
        stream.fail("The client reads nothing. Resume with Last-Event-ID.");
      else {
        open.readAt = stream.reads;
        stream.send(encodeHeartbeat(position?.()));
      }
    }
  }

  function stopTimer(): void {
    cancelTimer?.();
    cancelTimer = undefined;
  }
}
