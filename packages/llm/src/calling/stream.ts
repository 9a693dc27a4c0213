import type { LLMOptions, LLMResult, LLMRuntime, LLMStream } from "../contract/runtime.ts";

/** Streams from any runtime. A runtime without `streamText` answers in a single piece. */
export function streamOf(runtime: LLMRuntime, options: LLMOptions): LLMStream {
  if (runtime.streamText !== undefined) return runtime.streamText(options);
  return createStream(options.signal, async (emit, signal) => {
    const result = await runtime.generateText({ ...options, signal });
    emit(result.text);
    return result;
  });
}

/**
 * Makes a stream for a provider or a middleware. `work` starts at once, emits pieces of text and resolves with the complete
 * answer. Pieces are buffered until they are read, so a caller may await `result` only. The signal of `work` is aborted
 * with the caller's signal, and when the reader leaves early.
 */
export function createStream(
  signal: AbortSignal | undefined,
  work: (emit: (piece: string) => void, signal: AbortSignal) => Promise<LLMResult>,
): LLMStream {
  const reader = new AbortController();
  const pieces: string[] = [];
  let isOver = false;
  let wake: () => void = () => undefined;

  const emit = (piece: string): void => {
    if (piece === "") return;
    pieces.push(piece);
    wake();
  };
  const either = signal === undefined ? reader.signal : AbortSignal.any([signal, reader.signal]);
  const result = (async () => work(emit, either))();
  const end = (): void => {
    isOver = true;
    wake();
  };
  result.then(end, end);

  return { textStream: read(), result };

  async function* read(): AsyncGenerator<string, void> {
    try {
      for (let next = 0; !isOver || next < pieces.length; ) {
        const piece = pieces[next];
        if (piece === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else {
          next += 1;
          yield piece;
        }
      }
      await result;
    } finally {
      if (!isOver) reader.abort(new DOMException("The reader left the stream before its end.", "AbortError"));
    }
  }
}
