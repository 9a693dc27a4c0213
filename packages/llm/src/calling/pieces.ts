/** The pieces of one stream on their way from the work that emits them to one reader. */
export interface Pieces {
  /** Takes a piece. Resolves when the reader has caught up; rejects when nobody wants the rest. */
  emit(piece: string): Promise<void>;
  /** Ends the stream after the pieces that are unread. */
  end(failure?: Failure): void;
  readonly textStream: AsyncIterable<string>;
}

interface Failure {
  readonly error: unknown;
}

interface Waiting {
  resolve(result: IteratorResult<string, undefined>): void;
  reject(error: unknown): void;
}

interface Held {
  resolve(): void;
  reject(reason: unknown): void;
}

const OVER: IteratorResult<string, undefined> = { done: true, value: undefined };
const KEPT_UP = Promise.resolve();

/**
 * Creates the queue of a stream. It is an iterator by hand: a generator would learn that its reader has left only after its
 * next piece, and not at all before the first one.
 */
export function createPieces(options: {
  readonly maxUnreadBytes: number;
  /** Aborted when the caller gives up, or the reader leaves. */
  readonly signal: AbortSignal;
  /** Called once, when the reader leaves before the end. */
  readonly leave: () => void;
}): Pieces {
  const { maxUnreadBytes, signal, leave } = options;
  let unread: string[] = [];
  let unreadBytes = 0;
  let next = 0;
  let isReading = false;
  let isOver = false;
  let failure: Failure | undefined;
  let waiting: Waiting[] = [];
  let held: Held[] = [];

  const letGo = (): void => {
    const all = held;
    held = [];
    for (const { resolve } of all) resolve();
  };
  signal.addEventListener(
    "abort",
    () => {
      const all = held;
      held = [];
      for (const { reject } of all) reject(signal.reason);
    },
    { once: true },
  );

  const iterator: AsyncIterableIterator<string, undefined> = {
    next() {
      isReading = true;
      const piece = unread[next];
      if (piece !== undefined) {
        take(piece);
        return Promise.resolve({ done: false, value: piece });
      }
      if (isOver) return ending();
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() {
      const hasLeft = !isOver;
      isOver = true;
      failure = undefined;
      unread = [];
      unreadBytes = 0;
      next = 0;
      letWaitingGo();
      if (hasLeft) leave();
      letGo();
      return Promise.resolve(OVER);
    },
    [Symbol.asyncIterator]: () => iterator,
  };

  return {
    emit(piece) {
      if (signal.aborted) return handled(Promise.reject(signal.reason));
      if (piece === "" || isOver) return KEPT_UP;
      const reader = waiting.shift();
      if (reader !== undefined) {
        reader.resolve({ done: false, value: piece });
        return KEPT_UP;
      }
      unread.push(piece);
      unreadBytes += Buffer.byteLength(piece);
      if (!isReading || unreadBytes <= maxUnreadBytes) return KEPT_UP;
      return handled(new Promise<void>((resolve, reject) => held.push({ resolve, reject })));
    },
    end(given) {
      if (isOver) return;
      isOver = true;
      failure = given;
      letWaitingGo();
      letGo();
    },
    textStream: iterator,
  };

  function take(piece: string): void {
    next += 1;
    unreadBytes -= Buffer.byteLength(piece);
    // What has been read is given free, but not with a copy for every piece.
    if (next === unread.length) {
      unread = [];
      next = 0;
    } else if (next >= 1_024) {
      unread = unread.slice(next);
      next = 0;
    }
    if (held.length > 0 && unreadBytes <= maxUnreadBytes) letGo();
  }

  function letWaitingGo(): void {
    const all = waiting;
    waiting = [];
    for (const { resolve, reject } of all) ending().then(resolve, reject);
  }

  /** The failure is told once, like the end of a generator. */
  function ending(): Promise<IteratorResult<string, undefined>> {
    const failed = failure;
    failure = undefined;
    return failed === undefined ? Promise.resolve(OVER) : Promise.reject(failed.error);
  }
}

/** A producer that does not await its `emit` must not end the process. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}
