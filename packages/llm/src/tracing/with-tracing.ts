import { type Clock, systemClock } from "@atlas/routing";
import { checkOptions } from "@atlas/routing/internal";
import {
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { createStream, streamOf } from "../calling/stream.ts";
import type { LLMMiddleware } from "../contract/middleware.ts";
import type { LLMOptions, LLMResult } from "../contract/runtime.ts";
import { requestAttributes, requestContent, resultAttributes, resultContent } from "./attributes.ts";

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

  return (next) => {
    const { streamText } = next;
    return {
      async generateText(asked) {
        const call = begin(asked, false);
        try {
          const result = await context.with(call.context, () => next.generateText(asked));
          call.succeed(result);
          return result;
        } catch (error) {
          call.fail(error);
          throw error;
        }
      },
      ...(streamText && {
        streamText: (asked) =>
          createStream(asked.signal, (emit, signal) => {
            const call = begin(asked, true);
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
                call.succeed(result);
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
    };
  };

  function begin(asked: LLMOptions, isStream: boolean): TracedCall {
    const startedAt = clock.monotonic();
    const span = tracer.startSpan(asked.model === undefined ? "chat" : `chat ${asked.model}`, {
      kind: SpanKind.CLIENT,
      attributes: requestAttributes(asked, { isStream }),
    });
    const isRecording = span.isRecording();
    if (isRecording && recordContent) span.setAttributes(requestContent(asked));
    let isOver = false;
    let hasPiece = false;

    return {
      context: trace.setSpan(context.active(), span),
      firstPiece() {
        if (hasPiece) return;
        hasPiece = true;
        const seconds = (clock.monotonic() - startedAt) / 1_000;
        span.setAttribute("gen_ai.response.time_to_first_chunk", seconds);
      },
      succeed: (result) =>
        end(() => {
          if (!isRecording) return;
          span.setAttributes(resultAttributes(result));
          if (recordContent) span.setAttributes(resultContent(result));
        }),
      fail: (error) => end(() => markFailed(span, error, recordContent)),
      leave: () => end(() => span.setAttribute("atlas.llm.left_early", true)),
    };

    function end(describe: () => void): void {
      if (isOver) return;
      isOver = true;
      describe();
      span.end();
    }
  }
}

interface TracedCall {
  readonly context: Context;
  firstPiece(): void;
  succeed(result: LLMResult): void;
  fail(error: unknown): void;
  /** Ends the span because the reader left the stream. */
  leave(): void;
}

/** Records the kind of failure. A message may quote prompts or answers, so it counts as content. */
function markFailed(span: Span, error: unknown, recordContent: boolean): void {
  const type =
    error instanceof Error
      ? "code" in error && typeof error.code === "string"
        ? error.code
        : error.name
      : "_OTHER";
  span.setAttribute("error.type", type);
  const message = recordContent && error instanceof Error ? error.message : undefined;
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
}
