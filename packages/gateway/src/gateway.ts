import {
  type Clock,
  type Command,
  type CommandSink,
  CoreError,
  createStore,
  type Health,
  type Logger,
  type ReadOnlyRepo,
  silentLogger,
  systemClock,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLMRuntime } from "@atlas/llm";
import { createMockLLM } from "@atlas/llm/mock";
import {
  createDelivery,
  createJobRunner,
  createPluginRegistry,
  createSourceRunner,
  type PluginsModule,
  pluginsModule,
  type SinkPlugin,
  type SourcePlugin,
  type WorkflowPlugin,
} from "@atlas/plugins";
import { createJobs, type Jobs } from "./jobs.ts";

/** How a gateway is set up. Only `database` is needed. */
export interface GatewayOptions {
  /** Path of the database file; it and its folder are made when missing. `:memory:` keeps nothing. */
  readonly database: string;
  readonly sources?: readonly SourcePlugin[];
  readonly workflows?: readonly WorkflowPlugin[];
  readonly sinks?: readonly SinkPlugin[];
  /** What `ctx.llm` asks. Default: the mock, which needs no key and says that it is one. */
  readonly llm?: LLMRuntime;
  /** What `ctx.harness` is. Default: absent. */
  readonly harness?: HarnessRuntime;
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
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly jobs: Jobs;
  /** Syncs one source, or all; rejects with the first failure after all have ended. */
  sync(id?: string): Promise<void>;
  /** Begins to run jobs and to deliver events. Always the same promise. */
  start(): Promise<void>;
  health(): Health;
  /**
   * Ends in good order: asks syncs to end, waits for running jobs, delivers what is committed (giving up each after
   * `graceMs`), commits every accepted command, and closes the database. Always the same promise.
   */
  stop(): Promise<void>;
}

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
  const { clock = systemClock, log = silentLogger, graceMs = DEFAULT_GRACE_MS } = options;
  const registry = createPluginRegistry();
  for (const source of options.sources ?? []) registry.registerSource(source);
  for (const workflow of options.workflows ?? []) registry.registerWorkflow(workflow);
  for (const sink of options.sinks ?? []) registry.registerSink(sink);

  const store = await createStore({
    database: options.database,
    modules: [pluginsModule],
    clock,
    log,
    ...(options.journal === undefined ? {} : { journal: options.journal }),
  });
  const { commands, repo } = store;
  const host = { clock, log };
  const over = new AbortController();
  const sources = createSourceRunner({ host, repo, commands, registry });
  const runner = createJobRunner({
    host,
    repo,
    commands,
    registry,
    llm: options.llm ?? createMockLLM(),
    ...(options.harness === undefined ? {} : { harness: options.harness }),
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
  });
  const delivery = createDelivery({ host, repo, commands, sinks: registry.sinks.values() });
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  const gateway: Gateway = {
    commands,
    repo,
    jobs: createJobs({
      commands,
      repo,
      registry,
      newId: store.newId,
      onCommitted: store.onCommitted,
      signal: over.signal,
    }),
    sync: sources.sync,
    start() {
      started ??= begin();
      return started;
    },
    health: store.health,
    stop() {
      stopped ??= end();
      return stopped;
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
  return gateway;

  async function begin(): Promise<void> {
    await delivery.start();
    store.onCommitted(() => {
      runner.wake();
      delivery.wake();
    });
    await runner.start();
  }

  async function end(): Promise<void> {
    await sources.stop(graceMs);
    if (started !== undefined) {
      await started.catch(() => undefined);
      await runner.stop(graceMs);
      await delivery.stop(graceMs);
    }
    over.abort(new CoreError("ATLAS_CORE_STOPPED", {}, "The gateway was stopped."));
    await store.stop();
  }
}
