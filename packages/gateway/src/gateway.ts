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
  type PluginServices,
  type PluginsModule,
  pluginsModule,
  type SinkHealth,
  type SinkPlugin,
  type SourceCheck,
  type SourceHealth,
  type SourcePlugin,
  type WorkflowPlugin,
} from "@atlas/plugins";
import {
  checkCapabilities,
  checkOptions,
  createDelivery,
  createJobAdmission,
  createJobRunner,
  createPluginRegistry,
  createScheduler,
  createSourceRunner,
  type Delivery,
  type SourceRunner,
  scheduleOfWorkflow,
} from "@atlas/plugins/runtime";
import type { RoutingConfig } from "@atlas/routing";
import { createAttemptLLM } from "./attempt-llm.ts";
import { createGatewayLLM, type GatewayLLM } from "./gateway-llm.ts";
import { createJobs, type Jobs } from "./jobs.ts";
import { readRouting } from "./routing-file.ts";

/** Options of {@link createGateway}. Only `database` is required. */
export interface GatewayOptions {
  /** Path of the database file. The file and its folder are created when they do not exist. `:memory:` keeps nothing. */
  readonly database: string;
  readonly sources?: readonly SourcePlugin[];
  readonly workflows?: readonly WorkflowPlugin[];
  readonly sinks?: readonly SinkPlugin[];
  /**
   * The models and agents to ask: the path of a routing file, or its content. Default: a mock answers every call. It needs no key, and
   * labels its answers as those of a mock.
   */
  readonly routing?: string | RoutingConfig;
  /** Your own language models, by the names that profiles use. Default: none. */
  readonly providers?: Readonly<Record<string, LLMRuntime>>;
  /** Middleware around every call of a language model, the first one outermost. Default: none. */
  readonly llmMiddleware?: readonly LLMMiddleware[];
  /** One language model that answers every call, without profiles or fail-over. Excludes `routing` and `providers`. */
  readonly llm?: LLMRuntime;
  /** The environment variables with the keys that the routing file names. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The coding agents of `ctx.harness`. Default: none; a workflow that needs them is refused. */
  readonly harness?: HarnessRuntime;
  /** Services that plugins find in `ctx.services`. Default: none. */
  readonly services?: PluginServices;
  /**
   * Attempts at jobs that run at the same time. Default: 10. Raise it when jobs mostly wait for models; all of them share one thread, so
   * it does not speed up jobs that compute, and each uses memory while it runs.
   */
  readonly concurrency?: number;
  /**
   * How long `stop()` waits for running plugins before it aborts them, in milliseconds. Default: 10,000, which fits the 30 s that most
   * hosts give a process to end. Aborted jobs and deliveries are repeated after the next start.
   */
  readonly graceMs?: number;
  /** Keeps every applied command, for `verify`, `asOf` and `replay`. Default: true. Switching it off makes the file smaller and gives these up. */
  readonly journal?: boolean;
  readonly clock?: Clock;
  /**
   * Where to log: `console`, pino, or any object with `debug`, `info`, `warn` and `error`. The default, `stderrLogger`,
   * writes warnings and errors to standard error; `silentLogger` writes nothing.
   */
  readonly log?: Logger;
}

/** Sources, workflows and sinks around one database, in this process. */
export interface Gateway extends AsyncDisposable {
  readonly commands: CommandSink<Command>;
  readonly repo: ReadOnlyRepo<PluginsModule | LLMModule>;
  readonly jobs: Jobs;
  readonly sinks: Sinks;
  /** The database as a whole: backups, pruning, past states, figures. Usable until `stop()`. */
  readonly store: Pick<
    Store<PluginsModule | LLMModule>,
    "stats" | "backup" | "prune" | "verify" | "asOf" | "replay"
  >;
  /** The language models that workflows use. Calls of the host itself are not recorded with any job. */
  readonly llm: GatewayLLM;
  /**
   * Syncs one source, or all, and resolves with counts per source: commands, changed, unchanged, checkpoints. With `{ full: true }` a
   * source reads everything again. Works before `start()`. Rejects with the first failure once every sync has ended.
   */
  sync: SourceRunner["sync"];
  /** Asks every source whether a sync could work: can it connect, is its configuration right? Never rejects. */
  check(): Promise<GatewayCheck>;
  /** Starts syncing by schedule, running jobs and delivering events. A second call returns the same promise. */
  start(): Promise<void>;
  health(): GatewayHealth;
  /**
   * Stops in order: asks syncs to end, waits for running jobs, delivers committed events (each of these for at most `graceMs`), commits
   * every accepted command and closes the database. A second call returns the same promise.
   */
  stop(): Promise<void>;
}

/** Sinks, for the host. `repo.plugins.listFailedDeliveries()` lists the events that they have not taken. */
export interface Sinks {
  /**
   * Delivers a sink's dead letters again, with all attempts: all of them, or the one of `event_id`. Throws
   * `ATLAS_PLUGINS_SINK_UNKNOWN`.
   */
  redrive: Delivery["redrive"];
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
};

const DEFAULT_GRACE_MS = 10_000;

/**
 * Opens the database and creates a gateway around it. `commands`, `repo`, `jobs.create` and `sync` work at once; jobs run and events
 * are delivered after `start()`.
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
    throw new TypeError(
      "createGateway: `llm` cannot be combined with `routing` or `providers`. Pass one language model as `llm`, or let `routing` choose.",
    );
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
      isStarted: () => started !== undefined,
      signal: over.signal,
    }),
    llm,
    store,
    sinks: {
      async redrive(id, which = {}) {
        registry.sink(id);
        checkOptions("sinks.redrive", which, ["event_id"]);
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
    over.abort(
      new CoreError("ATLAS_CORE_STOPPED", {}, "The gateway was stopped. Create another one to go on."),
    );
    await store.stop();
  }
}
