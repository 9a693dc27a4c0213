import type { StoreModule } from "@atlas/core";
import { didYouMean } from "@atlas/core/internal";
import { type Need, nameOfNeed } from "./service.ts";

/** What a plugin asks its host for. The host checks it at the start, before it opens the database. */
export interface PluginNeeds {
  /** The modules whose commands it sends and whose queries it reads, beside core. Default: none. */
  readonly uses?: readonly StoreModule[];
  /** The services that it finds in `ctx.services`: tokens, or bare names. Default: whatever the host provides. */
  readonly needs?: readonly Need[];
}

/** What a host offers to plugins, by name. */
export interface Offered {
  readonly modules: readonly string[];
  readonly services: readonly string[];
}

/**
 * Refuses something that uses a module or needs a service that the host does not have. The `TypeError` names it, as in
 * `The sink "list"`, and the nearest known name.
 */
export function checkNeeds(of: string, { uses = [], needs = [] }: PluginNeeds, offered: Offered): void {
  for (const { name } of uses) {
    if (!offered.modules.includes(name))
      throw new TypeError(
        `${of} uses the module "${name}", but the gateway does not have it.${didYouMean(name, offered.modules)} Install it with createGateway({ modules: [${name}] }), or with the extension that brings it.`,
      );
  }
  for (const name of needs.map(nameOfNeed)) {
    if (!offered.services.includes(name))
      throw new TypeError(
        `${of} needs the service "${name}", but nobody provides it.${didYouMean(name, offered.services)} Pass it as createGateway({ services: { ${name} } }), or install the extension that provides it.`,
      );
  }
}
