import { checkOptions } from "@atlas/routing/internal";
import type { LLMOptions, LLMResult, LLMRuntime, LLMStream } from "../contract/runtime.ts";
import { createPieces } from "./pieces.ts";

const DEFAULT_UNREAD_BYTES = 64 * 1024;

/** Streams from any runtime. A runtime without `streamText` answers in a single piece. */
export function streamOf(runtime: LLMRuntime, options: LLMOptions): LLMStream {
  if (runtime.streamText !== undefined) {
    const stream = runtime.streamText(options);
    // Nobody has to await the result: the iteration rejects as well.
    stream.result.catch(() => undefined);
    return stream;
  }
  return createStream(options.signal, async (emit, signal) => {
    const result = await runtime.generateText({ ...options, signal });
    await emit(result.text);
    return result;
  });
}

/**
 * Makes a stream for a provider or a middleware. `work` starts at once, emits pieces of text and resolves with the complete
 * answer. Await each `emit`: its promise resolves when the reader has caught up, so a slow reader slows the work down instead
 * of filling the memory. Pieces are held without a bound until the reading begins, so a caller may await `result` only.
 *
 * The signal of `work` is aborted with the caller's signal, and as soon as the reader leaves, even before its first piece.
 * From then on `emit` rejects with the signal's reason.
 *
 * @example
 * ```ts
 * const { textStream } = createStream(undefined, async (emit) => {
 *   for (const piece of ["Aho", "y"]) await emit(piece);
 *   return { text: "Ahoy", provider: "mine" };
 * });
 * let text = "";
 * for await (const piece of textStream) text += piece;
 * assert.equal(text, "Ahoy");
 * ```
 */
export function createStream(
  signal: AbortSignal | undefined,
  work: (emit: (piece: string) => Promise<void>, signal: AbortSignal) => Promise<LLMResult>,
  options: {
    /**
     * The most text that waits for a reader before `emit` holds the work up, in bytes of UTF-8 (default 65,536). A larger
     * value evens out a reader who pauses, and costs as much memory for each layer that streams.
     */
    readonly maxUnreadBytes?: number;
  } = {},
): LLMStream {
  checkOptions("createStream", options, ["maxUnreadBytes"]);
  const { maxUnreadBytes = DEFAULT_UNREAD_BYTES } = options;
  if (!(maxUnreadBytes >= 0)) {
    throw new TypeError(
      `createStream expected "maxUnreadBytes" to be a number of 0 or more, but got ${maxUnreadBytes}.`,
    );
  }
  const reader = new AbortController();
  const either = signal === undefined ? reader.signal : AbortSignal.any([signal, reader.signal]);
  const pieces = createPieces({
    maxUnreadBytes,
    signal: either,
    leave: () => reader.abort(new DOMException("The reader left the stream before its end.", "AbortError")),
  });
  const result = (async () => work(pieces.emit, either))();
  result.then(
    () => pieces.end(),
    (error: unknown) => pieces.end({ error }),
  );
  return { textStream: pieces.textStream, result };
}
