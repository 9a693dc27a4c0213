import type { PluginContext } from "../contract/context.ts";
import type { PluginServices } from "../contract/service.ts";

/** What a runner takes from its host and passes to every plugin. */
export type PluginHost = Pick<PluginContext, "log" | "clock"> & {
  /** Default: none. */
  readonly services?: PluginServices;
};

const NO_SERVICES: PluginServices = Object.freeze({});

/** The host's services, or an empty object that all calls share. */
export function servicesOf({ services = NO_SERVICES }: PluginHost): PluginServices {
  return services;
}
