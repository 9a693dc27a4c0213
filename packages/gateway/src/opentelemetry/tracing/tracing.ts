import { withTracing } from "@atlas/llm/tracing";
import { checkOptions } from "@atlas/routing/internal";
import { context, type Tracer, trace } from "@opentelemetry/api";
import { type AnyExtension, defineExtension } from "../../extensions/extension.ts";
import type { ObserveGatewayWork } from "../../observe.ts";
import { containedTracer } from "./contained-tracer.ts";
import { describeWork } from "./describe-work.ts";
import { endSpan } from "./end-span.ts";
import { tracedHarness } from "./traced-harness.ts";
import { traceparentOf } from "./traceparent.ts";

/** Where spans go, and whether they hold what users wrote. */
export interface GatewayTracingOptions {
  /** Default: the tracer `@atlas/gateway` of the globally registered provider, even if it is registered later. */
  readonly tracer?: Tracer;
  /**
   * Records prompts, answers, goals of agents and error messages. It makes traces useful for debugging, and puts everything that users
   * wrote into your tracing backend. Default: false.
   */
  readonly recordContent?: boolean;
}

const known: Readonly<Record<keyof GatewayTracingOptions, true>> = { tracer: true, recordContent: true };

/**
 * An extension that traces what a gateway does: requests over HTTP, attempts at jobs (`atlas.job`), steps, calls to models, runs of agents,
 * deliveries to sinks and syncs of sources. What one request leads to is one trace, also when the process was restarted in between: a job
 * and an event carry the `traceparent` of the span that made them. It includes `withTracing`, so do not add that to `llmMiddleware` as well.
 *
 * Put it first in the list. Calls to models and agents become children of their step only where your OpenTelemetry SDK has a context
 * manager, as the one for Node has. A tracer that throws harms nothing.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({ database: ":memory:", extensions: [tracing()] });
 * await gateway.stop(); // without a registered OpenTelemetry SDK, a span costs almost nothing
 * ```
 */
export function tracing(options: GatewayTracingOptions = {}): AnyExtension {
  checkOptions("tracing", options, Object.keys(known));
  const { recordContent = false } = options;
  const tracer = containedTracer(options.tracer ?? trace.getTracer("@atlas/gateway"));

  const observe: ObserveGatewayWork = async (work, run) => {
    const { name, kind, attributes, parent } = describeWork(work);
    const span = tracer.startSpan(name, { kind, attributes }, parent);
    const end = await context.with(trace.setSpan(parent, span), () => run(traceparentOf(span.spanContext())));
    endSpan(span, end, recordContent);
  };

  return defineExtension({
    name: "tracing",
    llm: () => withTracing({ tracer, recordContent }),
    harness: () => tracedHarness(tracer, recordContent),
    observe: () => observe,
  });
}
