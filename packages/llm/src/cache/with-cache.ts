import { type Clock, type Logger, systemClock } from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import { modelOf } from "../ai-sdk/to-model.ts";
import { withinDeadline } from "../calling/deadline.ts";
import { createStream, streamOf } from "../calling/stream.ts";
import { completeResult } from "../contract/complete-result.ts";
import type { LLMMiddleware } from "../contract/middleware.ts";
import type { LLMOptions, LLMResult } from "../contract/runtime.ts";
import { cacheKey } from "./cache-key.ts";
import type { CacheEntry, CacheStore } from "./cache-store.ts";
import { checkBound } from "./check-bound.ts";
import { createMemoryCache } from "./memory-cache.ts";

/** How long answers are kept, and where. */
export interface CacheOptions {
  /** How long an answer is given again, in milliseconds. A longer time saves more calls and gives older answers. */
  readonly ttlMs: number;
  /** Where answers are kept. Default: `createMemoryCache()`, which forgets them when the process ends. */
  readonly store?: CacheStore;
  /** Larger answers are not kept, in bytes of JSON (default 65,536). */
  readonly maxEntryBytes?: number;
  /** A part of every key. Calls of caches with different namespaces never share an answer. Default: an empty text. */
  readonly namespace?: string;
  /** Receives a warning when the store fails or holds something that is no answer. Default: nothing is logged. */
  readonly log?: Logger;
  readonly clock?: Clock;
}

const known: Readonly<Record<keyof CacheOptions, true>> = {
  ttlMs: true,
  store: true,
  maxEntryBytes: true,
  namespace: true,
  log: true,
  clock: true,
};

const DEFAULT_ENTRY_BYTES = 64 * 1024;
/** The most answers that wait for their store at the same time. With a store that hangs, no more are kept. */
const MOST_UNSTORED = 100;
/** A store that takes longer holds the call up more than it helps. */
const LONGEST_READ_MS = 1_000;

/**
 * Gives the same answer to the same call. Two calls are the same if everything in them that can reach a provider is equal:
 * texts, profile, model, temperature, limits and schema, but not `context`, `signal` and `deadlineMs`. Put it last into the list
 * of middleware, so that it sees what the others have changed.
 *
 * Only complete answers are kept: those that ended with `finishReason: "stop"`. An answer of the mock in place of a model, a
 * replayed one and a failure are never kept. A hit is marked with `cached: true`, costs no tokens (`usage` counts 0), has no
 * `route`, and is streamed in one piece. A call with `fresh: true` asks the model and replaces the answer. Calls at the same time
 * do not wait for each other: each asks the model. A store that fails costs a warning, never the answer.
 *
 * @example
 * ```ts
 * const model = createMockLLM({ script: [{ text: "Ahoy", finishReason: "stop" }] });
 * const llm = applyMiddleware(model, [withCache({ ttlMs: 3_600_000 })]);
 * await llm.generateText({ prompt: "Hello" });
 * const again = await llm.generateText({ prompt: "Hello" });
 * assert.equal(again.text, "Ahoy");
 * assert.equal(again.cached, true);
 * assert.equal(model.calls.length, 1);
 * ```
 */
export function withCache(options: CacheOptions): LLMMiddleware {
  checkOptions("withCache", options, Object.keys(known));
  const { ttlMs, store = createMemoryCache(), namespace = "", clock = systemClock } = options;
  const { maxEntryBytes = DEFAULT_ENTRY_BYTES } = options;
  const log = options.log === undefined ? undefined : guardLogger(options.log);
  checkBound("withCache", "ttlMs", ttlMs);
  checkBound("withCache", "maxEntryBytes", maxEntryBytes);
  /** Answers that the store has not taken yet. */
  const unstored = new Map<string, CacheEntry>();

  return (next) => ({
    async generateText(asked) {
      asked.signal?.throwIfAborted();
      const key = cacheKey(asked, namespace);
      const hit = await find(key, asked);
      if (hit !== undefined) return hit;
      const result = await next.generateText(asked);
      keep(key, result);
      return result;
    },
    streamText: (asked) =>
      createStream(asked.signal, async (emit, signal) => {
        signal.throwIfAborted();
        const key = cacheKey(asked, namespace);
        const hit = await find(key, asked);
        signal.throwIfAborted();
        if (hit !== undefined) {
          await emit(hit.text);
          return hit;
        }
        const { textStream, result } = streamOf(next, { ...asked, signal });
        for await (const piece of textStream) await emit(piece);
        const whole = await result;
        keep(key, whole);
        return whole;
      }),
    // Answers for the AI SDK are not kept: they hold more than a text.
    ...(next.languageModel && { languageModel: (options) => modelOf(next, options ?? {}) }),
  });

  async function find(key: string, { fresh, signal }: LLMOptions): Promise<LLMResult | undefined> {
    if (fresh === true) return undefined;
    try {
      const entry = unstored.get(key) ?? (await stored(key, signal));
      signal?.throwIfAborted();
      return entry === undefined || !(clock.now() < entry.expiresAt) ? undefined : answerOf(entry);
    } catch (error) {
      signal?.throwIfAborted();
      log?.warn({ error, key }, "A cached answer could not be read. The model is asked instead.");
      return undefined;
    }
  }

  function stored(key: string, signal: AbortSignal | undefined): ReturnType<CacheStore["get"]> {
    const found = store.get(key);
    if (!(found instanceof Promise)) return found;
    const late = (): Error =>
      new Error(`The store of the cache did not answer within ${LONGEST_READ_MS} ms.`);
    const call = signal === undefined ? {} : { signal };
    return withinDeadline(call, { clock, deadlineMs: LONGEST_READ_MS, late }, () => found);
  }

  /** Nobody waits for the store: the answer is there, and paid for. */
  function keep(key: string, result: LLMResult): void {
    if (!isWorthKeeping(result) || unstored.size >= MOST_UNSTORED) return;
    const entry = { answer: jsonOf(result), expiresAt: clock.now() + ttlMs };
    if (Buffer.byteLength(entry.answer) > maxEntryBytes) return;
    unstored.set(key, entry);
    (async () => store.set(key, entry))()
      .catch((error: unknown) => log?.warn({ error, key }, "An answer could not be put into the cache."))
      .finally(() => {
        if (unstored.get(key) === entry) unstored.delete(key);
      });
  }
}

function isWorthKeeping({ finishReason, degraded, replayed, cached, text }: LLMResult): boolean {
  return finishReason === "stop" && text !== "" && degraded !== true && replayed !== true && cached !== true;
}

function jsonOf({ text, provider, model, finishReason, instructions }: LLMResult): string {
  return JSON.stringify({ text, provider, model, finishReason, instructions });
}

/** Throws where the store holds something that is no answer. */
function answerOf({ answer }: CacheEntry): LLMResult {
  const { text, provider, ...rest } = completeResult(JSON.parse(answer), "cache");
  return { ...rest, text, provider, usage: { inputTokens: 0, outputTokens: 0 }, cached: true };
}
