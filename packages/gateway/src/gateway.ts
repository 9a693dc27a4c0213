import {
  type Clock,
  type Command,
  type CommandSink,
  CoreError,
  createStore,
  type Health,
  type Logger,
  type ReadOnlyRepo,
  type Store,
  stderrLogger,
  systemClock,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLMMiddleware, LLMRuntime } from "@atlas/llm";
import { type LLMModule, llmModule } from "@atlas/llm/module";
import {
  checkCapabilities,
  createDelivery,
  createJobAdmission,
  createJobRunner,
  createPluginRegistry,
  createScheduler,
  createSourceRunner,
  type Delivery,
  type PluginServices,
  type PluginsModule,
  pluginsModule,
  type SinkHealth,
  type SinkPlugin,
  type SourceCheck,
  type SourceHealth,
  type SourcePlugin,
  type SourceRunner,
  scheduleOfWorkflow,
  type WorkflowPlugin,
} from "@atlas/plugins";
import type { RoutingConfig } from "@atlas/routing";
import { createAttemptLLM } from "./attempt-llm.ts";
import { createGatewayLLM, type GatewayLLM } from "./gateway-llm.ts";
import { createJobs, type Jobs } from "./jobs.ts";
import { readRouting } from "./routing-file.ts";

/** How a gateway is set up. Only `database` is needed. */
export interface GatewayOptions {
  /** Path of the database file; it and its folder are made when missing. `:memory:` keeps nothing. */
  readonly database: string;
  readonly sources?: readonly SourcePlugin[];
  readonly workflows?: readonly WorkflowPlugin[];
  readonly sinks?: readonly SinkPlugin[];
  /**
   * Which models and agents are asked: the path of a routing file, or what it would hold. Default: the mock answers
   * everything; it needs no key and says that it is one.
   */
  readonly routing?: string | RoutingConfig;
  /** Language models of your own, by the names that profiles use. */
  readonly providers?: Readonly<Record<string, LLMRuntime>>;
  /** What is put around every call of a language model, the first outermost. Default: nothing. */
  readonly llmMiddleware?: readonly LLMMiddleware[];
  /** What `ctx.llm` asks instead of the models of `routing`, without any routing. */
  readonly llm?: LLMRuntime;
  /** Where the keys that the routing file names are looked up. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What `ctx.harness` is. Default: absent. */
  readonly harness?: HarnessRuntime;
  /** What plugins find in `ctx.services`. Default: nothing. */
  readonly services?: PluginServices;
  /** Attempts at jobs that run at the same time. Default: 10. */
  readonly concurrency?: number;
  /** How long `stop()` waits for running plugins before it aborts them, in milliseconds. Default: 10,000. */
  readonly graceMs?: number;
  /** Keeps every applied command in order. Default: true. */
  readonly journal?: boolean;
  readonly clock?: Clock;
  /** Default: nothing is logged. */
  readonly log?: Logger;
}

/** Sources, workflows and sinks around one database, in this process. */
export interface Gateway extends AsyncDisposable {
  readonly commands: CommandSink<Command>;
  readonly repo: ReadOnlyRepo<PluginsModule | LLMModule>;
  readonly jobs: Jobs;
  readonly sinks: Sinks;
  /** The database as a whole: backups, pruning, its past, its figures. Works until `stop()`. */
  readonly store: Pick<
    Store<PluginsModule | LLMModule>,
    "stats" | "backup" | "prune" | "verify" | "asOf" | "replay"
  >;
  /** The language models, as workflows have them. What the host itself asks is kept with no job. */
  readonly llm: GatewayLLM;
  /**
   * Syncs one source, or all; with `full`, from the beginning. Rejects with the first failure after all have ended.
   */
  sync: SourceRunner["sync"];
  /** Asks every source whether it could sync: can it connect, is it configured well? Never rejects. */
  check(): Promise<GatewayCheck>;
  /** Begins to sync by schedule, to run jobs and to deliver events. Always the same promise. */
  start(): Promise<void>;
  health(): GatewayHealth;
  /**
   * Ends in good order: asks syncs to end, waits for running jobs, delivers what is committed (giving up each after
   * `graceMs`), commits every accepted command, and closes the database. Always the same promise.
   */
  stop(): Promise<void>;
}

/** Sinks, as a host works with them. What they could not take is listed by `repo.plugins.listSinkExceptions()`. */
export interface Sinks {
  /**
   * Gives a sink's dead events another round of attempts: one of them, or all. Throws `ATLAS_PLUGINS_SINK_UNKNOWN`.
   */
  redrive: Delivery["redrive"];
}

/** What `check()` found. */
export interface GatewayCheck {
  readonly sources: readonly SourceCheck[];
}

/** How the gateway is: its store first, then its plugins. A failing plugin is no failure of the gateway. */
export type GatewayHealth = Health & {
  readonly sources: readonly SourceHealth[];
  readonly sinks: readonly SinkHealth[];
  readonly jobs: { readonly running: number };
};

const DEFAULT_GRACE_MS = 10_000;

/**
 * Opens the database and puts the parts together. `commands`, `repo`, `jobs.create` and `sync` work at once; jobs run and
 * events are delivered from `start()` on.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({
 *   database: ":memory:",
 *   workflows: [{ id: "hello.v1", run: async (ctx) => void ctx.emitArtifact({ type: "hello", content_md: "Hello!" }) }],
 * });
 * await gateway.start();
 * const job = await gateway.jobs.create({ workflow_id: "hello.v1" });
 * assert.equal((await gateway.jobs.wait(job.id)).status, "succeeded");
 * await gateway.stop();
 * ```
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock = systemClock, log = stderrLogger, graceMs = DEFAULT_GRACE_MS } = options;
  const { routing, providers, env = process.env, llmMiddleware: middleware = [] } = options;
  if (options.llm !== undefined && (routing !== undefined || providers !== undefined)) {
    throw new TypeError("createGateway takes `llm`, or `routing` and `providers`, not both.");
  }
  const known = { models: Object.keys(providers ?? {}) };
  const llm = createGatewayLLM({
    routing: await readRouting(routing, known),
    llm: options.llm,
    providers,
    middleware,
    env,
    clock,
    log,
  });
  const registry = createPluginRegistry();
  for (const source of options.sources ?? []) registry.registerSource(source);
  for (const workflow of options.workflows ?? []) registry.registerWorkflow(workflow);
  for (const sink of options.sinks ?? []) registry.registerSink(sink);
  checkCapabilities(registry.workflows.values(), { harness: options.harness !== undefined });

  const store = await createStore({
    database: options.database,
    modules: [pluginsModule, llmModule],
    admit: [createJobAdmission(registry)],
    clock,
    log,
    ...(options.journal === undefined ? {} : { journal: options.journal }),
  });
  const { commands, repo } = store;
  const host = { clock, log, ...(options.services === undefined ? {} : { services: options.services }) };
  const over = new AbortController();
  const sources = createSourceRunner({ host, repo, commands, registry });
  const runner = createJobRunner({
    host,
    repo,
    commands,
    registry,
    llm: createAttemptLLM({ llm, commands, hasDegraded: repo.llm.hasDegraded, clock, log }),
    ...(options.harness === undefined ? {} : { harness: options.harness }),
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
  });
  const delivery = createDelivery({ host, repo, commands, sinks: registry.sinks.values() });
  const scheduler = createScheduler({
    clock,
    log,
    repo,
    commands,
    scheduled: [...registry.workflows.values()].flatMap((workflow) => scheduleOfWorkflow(workflow, repo)),
  });
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  const gateway: Gateway = {
    commands,
    repo,
    jobs: createJobs({
      commands,
      repo,
      registry,
      progress: runner.progress,
      newId: store.newId,
      onCommitted: store.onCommitted,
      signal: over.signal,
    }),
    llm,
    store,
    sinks: {
      async redrive(id, which) {
        registry.sink(id);
        await delivery.redrive(id, which);
      },
    },
    sync: sources.sync,
    check: async () => ({ sources: await sources.check() }),
    start() {
      started ??= begin();
      return started;
    },
    health: () => ({
      ...store.health(),
      sources: sources.health(),
      sinks: delivery.health(),
      jobs: { running: runner.running },
    }),
    stop() {
      stopped ??= end();
      return stopped;
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
  return gateway;

  async function begin(): Promise<void> {
    await delivery.start();
    store.onCommitted((batch) => {
      runner.wake(batch);
      delivery.wake();
    });
    await runner.start();
    await scheduler.start();
    await sources.start();
  }

  async function end(): Promise<void> {
    await sources.stop(graceMs);
    if (started !== undefined) {
      await started.catch(() => undefined);
      await scheduler.stop();
      await runner.stop(graceMs);
      await delivery.stop(graceMs);
    }
    over.abort(new CoreError("ATLAS_CORE_STOPPED", {}, "The gateway was stopped."));
    await store.stop();
  }
}
