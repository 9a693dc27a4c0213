import { INVALID_SPAN_CONTEXT, type Span, type SpanContext, type Tracer, trace } from "@opentelemetry/api";

/**
 * The same tracer, but neither it nor its spans ever throw: a failing exporter, processor or sampler must not cost a call to a model. A
 * span that cannot be started is one that records nothing.
 */
export function containedTracer(tracer: Tracer): Tracer {
  const startSpan: Tracer["startSpan"] = (...args) => {
    try {
      return containedSpan(tracer.startSpan(...args));
    } catch {
      return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    }
  };
  return {
    startSpan,
    startActiveSpan: tracer.startActiveSpan.bind(tracer),
  };
}

function containedSpan(span: Span): Span {
  const attempt = <Result>(call: () => Result, otherwise: Result): Result => {
    try {
      return call();
    } catch {
      return otherwise;
    }
  };
  // The context of a span does not change, and is asked for by each of its children.
  const spanContext: SpanContext = attempt(() => span.spanContext(), INVALID_SPAN_CONTEXT);
  const then = (change: () => unknown): Span => {
    attempt(change, undefined);
    return contained;
  };
  const contained: Span = {
    spanContext: () => spanContext,
    isRecording: () => attempt(() => span.isRecording(), false),
    setAttribute: (...args) => then(() => span.setAttribute(...args)),
    setAttributes: (...args) => then(() => span.setAttributes(...args)),
    addEvent: (...args) => then(() => span.addEvent(...args)),
    addLink: (...args) => then(() => span.addLink(...args)),
    addLinks: (...args) => then(() => span.addLinks(...args)),
    setStatus: (...args) => then(() => span.setStatus(...args)),
    updateName: (...args) => then(() => span.updateName(...args)),
    recordException: (...args) => void then(() => span.recordException(...args)),
    end: (...args) => void then(() => span.end(...args)),
  };
  return contained;
}
