import type { CallContext } from "@atlas/core";
import type { Observe, Work } from "@atlas/plugins";

/** A request that an adapter, such as that of HTTP, answers. */
export interface RequestWork {
  readonly kind: "request";
  readonly request_id: string;
  readonly method: string;
  /** The path without its query, as the request has it. */
  readonly path: string;
  /** The path with parameters in braces, such as `/jobs/{id}`; absent for a path that no route has. */
  readonly route?: string;
  /** What the caller sent of it: a `traceparent`. */
  readonly context: CallContext;
}

/** What a gateway does and an extension may observe. */
export type GatewayWork = Work | RequestWork;

/** Observes the work of a gateway: attempts at jobs, steps, deliveries, syncs, and the requests of adapters. */
export type ObserveGatewayWork = Observe<GatewayWork>;
