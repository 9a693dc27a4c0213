/** A stream to one client. */
export interface EventStream {
  /** What the client reads. */
  readonly body: ReadableStream<Uint8Array>;
  /** True once it has ended, for whatever reason. */
  readonly isOver: boolean;
  /** What was sent and not yet taken. */
  readonly queuedBytes: number;
  /** How often the client took all there was. */
  readonly reads: number;
  /** Sends bytes, which may be shared with other streams. Fails the stream if the client leaves more than its bound. */
  send(bytes: Uint8Array): void;
  /** Resolves once the client has taken everything that was sent, or the stream has ended. */
  drained(): Promise<void>;
  /** Ends it; what was sent can still be read. */
  end(): void;
  /** Drops it with what was sent. The connection is cut, and the client may resume. */
  fail(reason: string): void;
}

/** A stream that holds at most `mostBytes` for its client. `onOver` is called once. */
export function createEventStream(options: {
  readonly mostBytes: number;
  readonly onOver: () => void;
}): EventStream {
  const { mostBytes, onOver } = options;
  // Set by `start`, which is called before the constructor returns.
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isOver = false;
  let reads = 0;
  let waiting: (() => void)[] = [];

  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  const over = (close: () => void): void => {
    if (isOver) return;
    isOver = true;
    close();
    wake();
    onOver();
  };
  // Without a high-water mark, all that is wanted is negative: what lies in the queue.
  const queuedBytes = (): number => -(controller.desiredSize ?? 0);

  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      pull() {
        reads += 1;
        wake();
      },
      cancel() {
        over(() => undefined);
      },
    },
    { highWaterMark: 0, size: (bytes) => bytes.byteLength },
  );

  const stream: EventStream = {
    body,
    get isOver() {
      return isOver;
    },
    get queuedBytes() {
      return isOver ? 0 : queuedBytes();
    },
    get reads() {
      return reads;
    },
    send(bytes) {
      if (isOver) return;
      const queued = queuedBytes();
      // One event may be larger than the bound; two of them wait for nobody.
      if (queued > 0 && queued + bytes.byteLength > mostBytes)
        stream.fail(`The client has left more than ${mostBytes} bytes unread. Resume with Last-Event-ID.`);
      else controller.enqueue(bytes);
    },
    async drained() {
      if (isOver || queuedBytes() <= 0) return;
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    end: () => over(() => controller.close()),
    fail: (reason) => over(() => controller.error(new Error(reason))),
  };
  return stream;
}
