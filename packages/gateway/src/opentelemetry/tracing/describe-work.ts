import type { CallContext } from "@atlas/core";
import { type Attributes, type Context, context, SpanKind } from "@opentelemetry/api";
import type { GatewayWork } from "../../observe.ts";
import { parentContext } from "./traceparent.ts";

/** How the span of a piece of work begins. */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly parent: Context;
}

/** The beginning of a span for each kind of work. Of HTTP it says what OpenTelemetry's conventions name. */
export function describeWork(work: GatewayWork): SpanStart {
  switch (work.kind) {
    case "request":
      return {
        name: work.route === undefined ? work.method : `${work.method} ${work.route}`,
        kind: SpanKind.SERVER,
        attributes: {
          "http.request.method": work.method,
          "url.path": work.path,
          ...(work.route === undefined ? {} : { "http.route": work.route }),
          "atlas.request_id": work.request_id,
        },
        parent: parentContext(work.context.traceparent),
      };
    case "job":
      return {
        name: "atlas.job",
        kind: SpanKind.CONSUMER,
        attributes: {
          "atlas.job_id": work.job_id,
          "atlas.workflow_id": work.workflow_id,
          "atlas.attempt": work.attempt,
          ...callerOf(work.context),
        },
        parent: parentContext(work.context.traceparent),
      };
    case "step":
      return {
        name: "atlas.step",
        kind: SpanKind.INTERNAL,
        attributes: {
          "atlas.step": work.name,
          "atlas.job_id": work.job_id,
          "atlas.attempt": work.attempt,
        },
        // A step runs inside of its attempt.
        parent: context.active(),
      };
    case "delivery":
      return {
        name: "atlas.sink.deliver",
        kind: SpanKind.CONSUMER,
        attributes: {
          "atlas.sink_id": work.sink_id,
          "atlas.event_id": work.event_id,
          "atlas.event_type": work.event_type,
          "atlas.attempt": work.attempt,
          ...callerOf(work.context),
        },
        parent: parentContext(work.context.traceparent),
      };
    case "sync":
      return {
        name: "atlas.source.sync",
        kind: SpanKind.INTERNAL,
        attributes: { "atlas.source_id": work.source_id, "atlas.full": work.full },
        parent: parentContext(undefined),
      };
    default:
      return work satisfies never;
  }
}

function callerOf({ actor, correlation_id, tenant }: CallContext): Attributes {
  return {
    ...(actor === undefined ? {} : { "atlas.actor": actor }),
    ...(correlation_id === undefined ? {} : { "atlas.correlation_id": correlation_id }),
    ...(tenant === undefined ? {} : { "atlas.tenant": tenant }),
  };
}
