import type {
  Command,
  CommandOf,
  CommandSink,
  FileStore,
  Health,
  ReadOnlyRepo,
  Store,
  StoreModule,
} from "@atlas/core";
import type { HarnessModule } from "@atlas/harness/module";
import type { LanguageModelV4, RoutedModels } from "@atlas/llm";
import type { LLMModule } from "@atlas/llm/module";
import type {
  PluginRef,
  PluginServices,
  PluginsModule,
  Schedules,
  SinkHealth,
  SourceCheck,
  SourceHealth,
} from "@atlas/plugins";
import type { SourceRunner } from "@atlas/plugins/runtime";
import type { ExtensionReport } from "./extensions/extension.ts";
import type { GatewayRoute } from "./extensions/route.ts";
import type { GatewayHarness } from "./gateway-harness.ts";
import type { GatewayLLM } from "./gateway-llm.ts";
import type { GatewayStats } from "./gateway-stats.ts";
import type { HttpModule } from "./http/module/http-module.ts";
import type { Jobs } from "./jobs/jobs.ts";
import type { SinkState } from "./sink-states.ts";
import type { Tokens } from "./tokens/tokens.ts";
import type { Workflows } from "./workflows.ts";

/**
 * Sources, workflows and sinks around one database, in this process. `Module` stands for the modules that were installed, and a gateway
 * of more modules fits where one of fewer is asked for.
 */
export interface Gateway<Module extends StoreModule = never, Services extends object = PluginServices>
  extends AsyncDisposable,
    RoutedModels {
  /** Takes core's commands and those of the modules that the host and the extensions installed. */
  readonly commands: CommandSink<Command | CommandOf<Module>>;
  readonly repo: ReadOnlyRepo<PluginsModule | LLMModule | HarnessModule | HttpModule | Module>;
  /** The services of the host, and what the extensions provide under their names. */
  readonly services: Services;
  readonly jobs: Jobs;
  readonly workflows: Workflows;
  /** The routes that extensions add, for the web server of the host. They answer 503 before `start()` has resolved, and once `stop()` was called. */
  readonly routes: readonly GatewayRoute[];
  readonly sinks: Sinks;
  /** Tokens of callers over HTTP (`@atlas/gateway/http`). They are stored in the gateway's own file, as hashes. */
  readonly tokens: Tokens;
  /** Schedules of workflows that are made, changed and removed while the gateway runs, without a restart and kept over it. */
  readonly schedules: Schedules;
  /** The database as a whole: backups, pruning, past states, figures. Usable until `stop()`. */
  readonly store: Pick<
    FileStore<PluginsModule | LLMModule | HarnessModule | HttpModule | Module>,
    "stats" | "backup" | "prune" | "verify" | "asOf" | "replay"
  >;
  /**
   * Every domain event after `after`, first those that are stored, then each one as it is committed; without a gap, and nothing twice.
   * It ends with its `signal`, or when the gateway stops. Unlike a sink it stores no place: keep the last `seq` yourself.
   */
  follow: Store["follow"];
  /** Every applied command after `after`, like `follow`. Throws a `TypeError` on a gateway without a journal. */
  followJournal: Store["followJournal"];
  /** The language models that workflows use. Calls of the host itself are not recorded with any job. */
  readonly llm: GatewayLLM;
  /** The coding agents that workflows use. Tasks of the host itself are not recorded with any job. Absent where none are configured. */
  readonly harness?: GatewayHarness;
  /**
   * Returns a profile of the routing file as a model of the AI SDK (default: the default profile), which takes tools, files and
   * everything else that its candidates take. Its calls are not recorded with any job: workflows use `ctx.model`.
   */
  model(profile?: string): LanguageModelV4;
  /**
   * Syncs one source, or all, and resolves with counts per source: commands, changed, unchanged, checkpoints. With `{ full: true }` a
   * source reads everything again. Works before `start()`. Rejects with the first failure once every sync has ended.
   */
  sync: SourceRunner["sync"];
  /**
   * Pauses a workflow, a source or a sink, such as `{ workflow: "digest.v1" }`, and resolves once that is on disk: it stays paused over
   * restarts until `resume`, and `health()` shows it. Calls under way go on. Jobs of a paused workflow can be created and wait in the
   * queue, where their `deadline_at` goes on; schedules and triggers create theirs too. A paused source skips its schedule, and `sync`
   * of it throws `ATLAS_PLUGINS_SOURCE_PAUSED`. A paused sink gets no events and no retries. They are kept for it for 7 days; after that
   * `prune` may remove them, and it gets what is left. Throws `ATLAS_PLUGINS_…_UNKNOWN` with the nearest id.
   */
  pause(plugin: PluginRef): Promise<void>;
  /**
   * Lets a paused plugin go on: a workflow with its oldest jobs, a sink with the first event that it has not had, a source with its next
   * scheduled time or the next `sync`. Does nothing for a plugin that is not paused.
   */
  resume(plugin: PluginRef): Promise<void>;
  /** Asks every source whether a sync could work: can it connect, is its configuration right? Each has 30 s. Never rejects. */
  check(): Promise<GatewayCheck>;
  /**
   * Starts the extensions in order, then delivering events, running jobs and syncing by schedule. A second call returns the same promise.
   * Rejects with `ATLAS_GATEWAY_EXTENSION_FAILED`; those started before it are stopped then.
   */
  start(): Promise<void>;
  /** The state of the store, the plugins and the extensions now. It reads memory only, so a probe may call it as often as it likes. */
  health(): GatewayHealth;
  /**
   * Depths, ages, rates, durations and failures of workflows, sources and sinks, as plain numbers with their units in their names.
   * `toPrometheus` makes a page for Prometheus of it, and `@atlas/gateway/opentelemetry` gives it to OpenTelemetry. Counting walks the queue
   * on an index, with a turn of the event loop after each page of 2,000 jobs; jobs that move meanwhile may be counted twice or not at all.
   * It takes about 20 ms for 100,000 queued jobs: ask every few seconds, not for each request.
   */
  stats(): Promise<GatewayStats>;
  /**
   * Stops, in at most `graceMs` for all of it: begins no more attempts, asks syncs to end, waits for running jobs, delivers committed
   * events, stops the extensions in reverse, commits every accepted command and closes the database. What does not end in time is aborted.
   * While the disk is locked or full, commands that cannot be written in time are rejected. A second call returns the same promise.
   */
  stop(): Promise<void>;
}

/**
 * Sinks, for the host. A workflow with `on` is a sink here, with the id `$on:<workflow id>`. `repo.plugins.listFailedDeliveries()` lists
 * the events that they have not taken.
 */
export interface Sinks {
  /** Every sink: how its deliveries went, and how far it is behind. */
  list(): Promise<readonly SinkState[]>;
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
  readonly jobs: {
    /** Attempts that run now. */
    readonly running: number;
    /** The paused workflows, and since when they are. */
    readonly paused: readonly { readonly workflow_id: string; readonly pausedAt: string }[];
  };
  /** What the extensions report that have a `health`. */
  readonly extensions: readonly ({ readonly name: string } & ExtensionReport)[];
};
