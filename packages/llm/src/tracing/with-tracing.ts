import { type Clock, systemClock } from "@atlas/routing";
import { checkOptions } from "@atlas/routing/internal";
import { context, type Tracer, trace } from "@opentelemetry/api";
import { createStream, streamOf } from "../calling/stream.ts";
import type { LLMMiddleware } from "../contract/middleware.ts";
import type { LLMOptions } from "../contract/runtime.ts";
import { requestContent } from "./attributes.ts";
import { createSpans, type TracedRequest } from "./span.ts";
import { tracedModel } from "./traced-model.ts";

/** Where spans go, and whether they hold the content of calls. */
export interface TracingOptions {
  /** Default: the tracer `@atlas/llm` of the globally registered provider, even if it is registered later. */
  readonly tracer?: Tracer;
  /**
   * Records system texts, prompts, answers and error messages. It makes traces useful for debugging, and puts everything that
   * users wrote into your tracing backend. Default: false.
   */
  readonly recordContent?: boolean;
  readonly clock?: Clock;
}

const known: Readonly<Record<keyof TracingOptions, true>> = {
  tracer: true,
  recordContent: true,
  clock: true,
};

/**
 * Creates one client span for every call, by OpenTelemetry's conventions for generative AI. The span is named
 * `chat <model>` and has the provider and the model that answered, and the tokens used. A failed call sets `error.type` to
 * the code of the error, or to its name. Spans that start during the call are its children. The span of a stream ends with
 * the stream: when it completes or fails, when the call is aborted, and when the reader leaves (`atlas.llm.left_early`).
 *
 * @example
 * ```ts
 * const llm = applyMiddleware(createMockLLM(), [withTracing()]);
 * const { provider } = await llm.generateText({ prompt: "Hello" });
 * assert.equal(provider, "mock"); // without a registered OpenTelemetry SDK, a span costs almost nothing
 * ```
 */
export function withTracing(options: TracingOptions = {}): LLMMiddleware {
  checkOptions("withTracing", options, Object.keys(known));
  const { tracer = trace.getTracer("@atlas/llm"), recordContent = false, clock = systemClock } = options;

  const begin = createSpans({ tracer, recordContent, clock });
  const request = (asked: LLMOptions, isStream: boolean): TracedRequest => ({
    facts: asked,
    isStream,
    content: () => requestContent(asked),
  });

  return (next) => {
    const { streamText, languageModel } = next;
    return {
      async generateText(asked) {
        const call = begin(request(asked, false));
        try {
          const result = await context.with(call.context, () => next.generateText(asked));
          call.succeed(result, result.text);
          return result;
        } catch (error) {
          call.fail(error);
          throw error;
        }
      },
      ...(streamText && {
        streamText: (asked) =>
          createStream(asked.signal, (emit, signal) => {
            const call = begin(request(asked, true));
            const abort = (): void => (asked.signal?.aborted ? call.fail(asked.signal.reason) : call.leave());
            signal.addEventListener("abort", abort, { once: true });
            return context.with(call.context, async () => {
              try {
                const stream = streamOf(next, { ...asked, signal });
                for await (const piece of stream.textStream) {
                  if (piece !== "") call.firstPiece();
                  await emit(piece);
                }
                const result = await stream.result;
                call.succeed(result, result.text);
                return result;
              } catch (error) {
                call.fail(error);
                throw error;
              } finally {
                signal.removeEventListener("abort", abort);
              }
            });
          }),
      }),
      ...(languageModel && {
        languageModel: (options) => tracedModel(languageModel.call(next, options), { options, begin }),
      }),
    };
  };
}
