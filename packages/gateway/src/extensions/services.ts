import type {
  Clock,
  Command,
  CommandOf,
  CommandSink,
  Logger,
  NewId,
  ReadOnlyRepo,
  Store,
  StoreModule,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { HarnessModule } from "@atlas/harness/module";
import type { LLM } from "@atlas/llm";
import type { LLMModule } from "@atlas/llm/module";
import type { PluginServices, PluginsModule } from "@atlas/plugins";
import { logWith } from "@atlas/plugins/runtime";
import type { Jobs } from "../jobs/jobs.ts";

/**
 * What an extension works with. `repo`, `clock`, `log` and `newId` can be used at once; `commands`, `jobs`, `llm` and `harness` from
 * `start` on, because the layers around them are made of the extensions.
 */
export interface ExtensionServices<
  Module extends StoreModule = never,
  Needed extends object = PluginServices,
> {
  readonly repo: ReadOnlyRepo<PluginsModule | LLMModule | HarnessModule | Module>;
  /** Commands carry the actor `extension:<name>` unless the envelope names another. */
  readonly commands: CommandSink<Command | CommandOf<Module>>;
  readonly jobs: Jobs;
  readonly llm: LLM;
  /** Present when the host configured a harness. */
  readonly harness?: HarnessRuntime;
  /** Calls the listener after each commit that changed something. Returns a function that removes it. */
  readonly onCommitted: Store["onCommitted"];
  /** Domain events, first those that are stored, then each one as it is committed. It ends when the gateway stops. */
  readonly follow: Store["follow"];
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: NewId;
  /** The services of the host, and of the extensions before this one. */
  readonly services: Needed;
  /** Aborted when the gateway begins to stop. */
  readonly signal: AbortSignal;
}

/** What is made of the layers of the extensions. */
export interface MadeParts {
  readonly jobs: Jobs;
  readonly llm: LLM;
  readonly harness: HarnessRuntime | undefined;
}

/** The parts of a gateway that its services lead to. Some of them are made only after the services were handed out. */
export interface ServiceParts {
  readonly store: Pick<Store, "repo" | "commands" | "onCommitted" | "follow" | "clock" | "newId">;
  readonly log: Logger;
  readonly services: PluginServices;
  readonly signal: AbortSignal;
  readonly hasHarness: boolean;
  /** Throws a `TypeError` until the gateway is made. */
  readonly made: () => MadeParts;
}

/** The services of one extension. */
export function servicesFor(extension: string, parts: ServiceParts): ExtensionServices {
  const { store, made } = parts;
  const { commands } = store;
  const actor = `extension:${extension}`;
  const services: ExtensionServices = {
    // The modules of the store are those that the gateway installed: the extension's, and those it uses.
    repo: store.repo as ExtensionServices["repo"],
    commands: {
      enqueue: (command, envelope) => whenMade(() => commands.enqueue(command, { actor, ...envelope })),
      enqueueAll: (list, envelope) => whenMade(() => commands.enqueueAll(list, { actor, ...envelope })),
    },
    get jobs() {
      return made().jobs;
    },
    get llm() {
      return made().llm;
    },
    onCommitted: store.onCommitted,
    follow: store.follow,
    clock: store.clock,
    log: logWith(parts.log, { extension }),
    newId: store.newId,
    services: parts.services,
    signal: parts.signal,
  };
  return parts.hasHarness
    ? Object.defineProperty(services, "harness", { enumerable: true, get: () => made().harness })
    : services;

  function whenMade<Result>(send: () => Promise<Result>): Promise<Result> {
    try {
      made();
    } catch (error) {
      const refused = Promise.reject(error);
      refused.catch(() => undefined);
      return refused;
    }
    return send();
  }
}
