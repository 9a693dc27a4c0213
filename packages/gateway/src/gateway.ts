import type { Command, CommandOf, CommandSink, Health, ReadOnlyRepo, Store, StoreModule } from "@atlas/core";
import type { LLMModule } from "@atlas/llm/module";
import type { PluginServices, PluginsModule, SinkHealth, SourceCheck, SourceHealth } from "@atlas/plugins";
import type { SourceRunner } from "@atlas/plugins/runtime";
import type { ExtensionReport } from "./extensions/extension.ts";
import type { GatewayRoute } from "./extensions/route.ts";
import type { GatewayLLM } from "./gateway-llm.ts";
import type { Jobs } from "./jobs.ts";

/**
 * Sources, workflows and sinks around one database, in this process. `Module` stands for the modules that were installed, and a gateway
 * of more modules fits where one of fewer is asked for.
 */
export interface Gateway<Module extends StoreModule = never, Services extends object = PluginServices>
  extends AsyncDisposable {
  /** Takes core's commands and those of the modules that the host and the extensions installed. */
  readonly commands: CommandSink<Command | CommandOf<Module>>;
  readonly repo: ReadOnlyRepo<PluginsModule | LLMModule | Module>;
  /** The services of the host, and what the extensions provide under their names. */
  readonly services: Services;
  readonly jobs: Jobs;
  /** The routes that extensions add, for the web server of the host. They answer 503 before `start()` has resolved, and once `stop()` was called. */
  readonly routes: readonly GatewayRoute[];
  readonly sinks: Sinks;
  /** The database as a whole: backups, pruning, past states, figures. Usable until `stop()`. */
  readonly store: Pick<
    Store<PluginsModule | LLMModule | Module>,
    "stats" | "backup" | "prune" | "verify" | "asOf" | "replay"
  >;
  /**
   * Every domain event after `after`, first those that are stored, then each one as it is committed; without a gap, and nothing twice.
   * It ends with its `signal`, or when the gateway stops. Unlike a sink it stores no place: keep the last `seq` yourself.
   */
  follow: Store["follow"];
  /** The language models that workflows use. Calls of the host itself are not recorded with any job. */
  readonly llm: GatewayLLM;
  /**
   * Syncs one source, or all, and resolves with counts per source: commands, changed, unchanged, checkpoints. With `{ full: true }` a
   * source reads everything again. Works before `start()`. Rejects with the first failure once every sync has ended.
   */
  sync: SourceRunner["sync"];
  /** Asks every source whether a sync could work: can it connect, is its configuration right? Never rejects. */
  check(): Promise<GatewayCheck>;
  /**
   * Starts the extensions in order, then delivering events, running jobs and syncing by schedule. A second call returns the same promise.
   * Rejects with `ATLAS_GATEWAY_EXTENSION_FAILED`; those started before it are stopped then.
   */
  start(): Promise<void>;
  health(): GatewayHealth;
  /**
   * Stops in order: asks syncs to end, waits for running jobs, delivers committed events (each of these for at most `graceMs`), stops
   * the extensions in reverse, commits every accepted command and closes the database. A second call returns the same promise.
   */
  stop(): Promise<void>;
}

/** Sinks, for the host. `repo.plugins.listFailedDeliveries()` lists the events that they have not taken. */
export interface Sinks {
  /**
   * Delivers a sink's dead letters again, with all attempts: all of them, or the one of `event_id`. Resolves with how many there were;
   * they are delivered after that. Throws `ATLAS_PLUGINS_SINK_UNKNOWN`.
   */
  redrive(sinkId: string, which?: { readonly event_id?: string }): Promise<{ readonly redriven: number }>;
  /**
   * Gives up a sink's dead letters: all of them, or the one of `event_id`. The sink never gets these events, and prune may remove them.
   * Resolves with how many there were. Throws `ATLAS_PLUGINS_SINK_UNKNOWN`.
   */
  dismiss(sinkId: string, which?: { readonly event_id?: string }): Promise<{ readonly dismissed: number }>;
}

/** The result of `check()`. */
export interface GatewayCheck {
  readonly sources: readonly SourceCheck[];
}

/** The state of a gateway. `status` is that of its store: a failing plugin does not make the gateway fail. */
export type GatewayHealth = Health & {
  readonly sources: readonly SourceHealth[];
  readonly sinks: readonly SinkHealth[];
  readonly jobs: { readonly running: number };
  /** What the extensions report that have a `health`. */
  readonly extensions: readonly ({ readonly name: string } & ExtensionReport)[];
};
