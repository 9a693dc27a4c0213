import type { PluginContext } from "../contract/context.ts";
import type { PluginServices } from "../contract/service.ts";
import type { Observer } from "./observer.ts";

/** What a runner takes from its host and passes to every plugin or puts around it. */
export type PluginHost = Pick<PluginContext, "log" | "clock"> & {
  /** Default: none. */
  readonly services?: PluginServices;
  /** What observes attempts, steps, deliveries and syncs. Default: nothing does. */
  readonly observer?: Observer;
};

const NO_SERVICES: PluginServices = Object.freeze({});

/** The host's services, or an empty object that all calls share. */
export function servicesOf({ services = NO_SERVICES }: PluginHost): PluginServices {
  return services;
}
