import { traceparentText } from "@atlas/core";
import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";

/** A span as a `traceparent` of W3C Trace Context; nothing for a span that belongs to no trace. */
export function traceparentOf(span: SpanContext | undefined): string | undefined {
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  const flags = (span.traceFlags & 0xff).toString(16).padStart(2, "0");
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

/**
 * The context of OpenTelemetry in which a span begins whose parent is known by its `traceparent`. Without one, it begins a trace. Whatever
 * span is active counts for nothing: work that waited in a queue begins wherever the process happens to be.
 */
export function parentContext(traceparent: string | undefined): Context {
  const known = traceparentText.safeParse(traceparent).data;
  if (known === undefined) return ROOT_CONTEXT;
  const [, traceId = "", spanId = "", flags = ""] = known.split("-");
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/**
 * The active span as part of a context of Atlas, so that what the host sends from inside of its own span belongs to the same trace. Empty
 * without an active span.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({ database: ":memory:" });
 * const context = { correlation_id: "request-7", ...traceContext() };
 * await gateway.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } }, { context });
 * await gateway.stop();
 * ```
 */
export function traceContext(): { readonly traceparent?: string } {
  const traceparent = traceparentOf(trace.getSpanContext(context.active()));
  return traceparent === undefined ? {} : { traceparent };
}
