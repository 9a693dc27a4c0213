import type { Health } from "@atlas/core";
import { checkOptions } from "@atlas/routing/internal";
import {
  type Attributes,
  type BatchObservableCallback,
  type BatchObservableResult,
  type Meter,
  metrics,
} from "@opentelemetry/api";
import type { GatewayStats } from "../gateway-stats.ts";
import { gatewayMetrics } from "../metrics/metrics.ts";
import { createGoneWorkflows } from "./gone-workflows.ts";
import { createInstruments } from "./instruments.ts";

/** What is observed: a gateway, or something with the same figures. */
export interface ObservedGateway {
  stats(): Promise<GatewayStats>;
  health(): Pick<Health, "status">;
}

/** Where the metrics go, and whose they are. */
export interface ObserveGatewayOptions {
  /**
   * Default: the meter `@atlas/gateway` of the globally registered provider. Without a provider, nothing is observed, even if one is
   * registered later: OpenTelemetry does not pass meters on, as it does tracers.
   */
  readonly meter?: Meter;
  /**
   * The attribute `atlas.gateway_name` of every value. Two gateways that one meter observes need different names, or their values
   * replace each other. Default: no such attribute.
   */
  readonly name?: string;
}

const known: Readonly<Record<keyof ObserveGatewayOptions, true>> = { meter: true, name: true };

/**
 * Gives OpenTelemetry the figures of `gateway.stats()`, as observable instruments. Each collection calls `stats()` once, so collect
 * every few seconds or less often. Returns a function that ends it.
 *
 * When `stats()` rejects, the collection gets no new values and reports the error; the next one tries again. After `gateway.stop()`,
 * collections get no new values, and there is no error. Without new values, an SDK that exports cumulative values repeats the last ones.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({ database: ":memory:" });
 * const end = observeGateway(gateway); // to the registered provider; without one, it does nothing
 * await gateway.stop();
 * end();
 * ```
 */
export function observeGateway(gateway: ObservedGateway, options: ObserveGatewayOptions = {}): () => void {
  checkOptions("observeGateway", options, Object.keys(known));
  const { meter = metrics.getMeter("@atlas/gateway"), name } = options;
  const own: Attributes = name === undefined ? {} : { "atlas.gateway_name": name };
  const instruments = gatewayMetrics.flatMap((metric) => createInstruments(meter, metric));
  const withGoneWorkflows = createGoneWorkflows();
  const observables = instruments.map(({ observable }) => observable);

  const callback: BatchObservableCallback = (result) => {
    const observed = observe(result);
    // The SDK reports the error. A meter that does not look at the promise must not end the process with it.
    observed.catch(() => undefined);
    return observed;
  };
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);

  async function observe(result: BatchObservableResult): Promise<void> {
    const read = await statsUntilStopped();
    if (read === undefined) return;
    const stats = withGoneWorkflows(read);
    for (const { observable, samples } of instruments) {
      for (const [attributes, value] of samples(stats)) {
        result.observe(observable, value, { ...attributes, ...own });
      }
    }
  }

  /** A stop may come while `stats()` reads, so the state is looked at after it has failed. */
  async function statsUntilStopped() {
    try {
      return await gateway.stats();
    } catch (error) {
      if (gateway.health().status === "stopped") return undefined;
      throw error;
    }
  }
}
