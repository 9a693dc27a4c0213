/** What happens to the parts of a stream that is passed on. */
export interface Relay<Part> {
  /** Returns the part to pass on. Default: the part itself. */
  readonly part?: (part: Part) => Part;
  /** Returns the error to pass on. Default: the error itself. */
  readonly failed?: (error: unknown) => unknown;
  /** Fails the stream when it is aborted, and leaves the stream behind it at once. */
  readonly signal?: AbortSignal;
  /** Called before each part is asked for. */
  readonly asked?: () => void;
  /** Called once, when the stream has ended or failed, or its reader has left. */
  readonly over?: (how: "ended" | "failed" | "left") => void;
}

/** What a reader of a stream gets. */
export type ReadResult<Part> = Awaited<ReturnType<ReadableStreamDefaultReader<Part>["read"]>>;

/** Passes a stream on, one part for each that is read. Leaving it leaves the stream behind it at once. */
export function relayed<Part>(
  stream: ReadableStream<Part>,
  { part = (same) => same, failed = (same) => same, asked, over, signal }: Relay<Part>,
): ReadableStream<Part> {
  const reader = stream.getReader();
  let controller: ReadableStreamDefaultController<Part>;
  let isOver = false;

  const end = (how: "ended" | "failed" | "left"): void => {
    isOver = true;
    signal?.removeEventListener("abort", abort);
    over?.(how);
  };
  const take = (next: ReadResult<Part>): void => {
    if (isOver) return;
    if (!next.done) {
      controller.enqueue(part(next.value));
      return;
    }
    end("ended");
    controller.close();
  };
  const fail = (error: unknown): void => {
    if (isOver) return;
    end("failed");
    controller.error(failed(error));
  };
  const abort = (): void => {
    reader.cancel(signal?.reason).catch(() => undefined);
    fail(signal?.reason);
  };
  return new ReadableStream<Part>(
    {
      start(given) {
        controller = given;
        if (signal?.aborted === true) abort();
        else signal?.addEventListener("abort", abort, { once: true });
      },
      pull() {
        asked?.();
        return reader.read().then(take, fail);
      },
      async cancel(reason) {
        isOver = true;
        try {
          await reader.cancel(reason);
        } finally {
          // Last, because leaving a stream can tell more about it.
          end("left");
        }
      },
    },
    { highWaterMark: 0 },
  );
}
