import type { Clock } from "@atlas/routing";
import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { LLMResult } from "../contract/runtime.ts";
import { type RequestFacts, requestAttributes, resultAttributes, resultContent } from "./attributes.ts";

/** A call as its span shows it. */
export interface TracedRequest {
  readonly facts: RequestFacts;
  readonly isStream: boolean;
  /** What is recorded only where the content of calls is. */
  readonly content: () => Attributes;
}

/** The span of one call. Only its first end counts. */
export interface TracedCall {
  readonly context: Context;
  firstPiece(): void;
  succeed(result: Omit<LLMResult, "text">, text: string): void;
  fail(error: unknown): void;
  /** Ends the span because the reader left the stream. */
  leave(): void;
}

/** Creates the function that begins the span of each call. */
export function createSpans({
  tracer,
  recordContent,
  clock,
}: {
  readonly tracer: Tracer;
  readonly recordContent: boolean;
  readonly clock: Clock;
}): (request: TracedRequest) => TracedCall {
  return ({ facts, isStream, content }) => {
    const startedAt = clock.monotonic();
    const span = tracer.startSpan(facts.model === undefined ? "chat" : `chat ${facts.model}`, {
      kind: SpanKind.CLIENT,
      attributes: requestAttributes(facts, { isStream }),
    });
    const isRecording = span.isRecording();
    if (isRecording && recordContent) span.setAttributes(content());
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
      succeed: (result, text) =>
        end(() => {
          if (!isRecording) return;
          span.setAttributes(resultAttributes(result));
          if (recordContent) span.setAttributes(resultContent({ text }));
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
  };
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
