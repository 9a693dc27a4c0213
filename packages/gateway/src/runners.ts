import { type Clock, CoreError, type FileStore, type Logger } from "@atlas/core";
import type { HarnessModule } from "@atlas/harness/module";
import type { LLMModule } from "@atlas/llm/module";
import type { PluginsModule } from "@atlas/plugins";
import {
  checkOptions,
  createApiScheduler,
  createBatches,
  createDelivery,
  createJobRunner,
  createScheduler,
  createSchedules,
  createSourceRunner,
  loadPauses,
  type PluginRegistry,
  scheduleOfWorkflow,
  triggersOf,
} from "@atlas/plugins/runtime";
import { createAttemptHarness } from "./attempts/attempt-harness.ts";
import { createAttemptLLM } from "./attempts/attempt-llm.ts";
import type { Installation, Opened } from "./extensions/installation.ts";
import type { Gateway } from "./gateway.ts";
import type { OpenedHarness } from "./gateway-harness.ts";
import type { GatewayLLM } from "./gateway-llm.ts";
import type { AnyGatewayOptions } from "./gateway-options.ts";
import { createGatewayStats } from "./gateway-stats.ts";
import { setHost } from "./host.ts";
import type { HttpModule } from "./http/module/http-module.ts";
import { createJobs } from "./jobs/jobs.ts";
import { createSinkStates } from "./sink-states.ts";
import { createStopBudget, type StopBudget } from "./stop-budget.ts";
import { loadTokens } from "./tokens/tokens.ts";
import { createWorkflows } from "./workflows.ts";

// By which share of `graceMs` each part has to be over. Syncs and jobs are aborted first, and what they did can still be stored.
const WORK = 0.5;
const REPORTS = 0.625;
const DELIVERY = 0.75;
const CURSORS = 0.8125;
const EXTENSIONS = 0.9375;
const ALL = 1;

/** Creates the runners around an open store, and the gateway in front of them. */
export async function createRunners(parts: {
  readonly options: Pick<AnyGatewayOptions, "agents" | "concurrency" | "extensions" | "keepDeadLettersMs">;
  readonly store: FileStore<PluginsModule | LLMModule | HarnessModule | HttpModule>;
  readonly registry: PluginRegistry;
  readonly installation: Installation;
  readonly opened: Opened;
  readonly llm: GatewayLLM;
  readonly agents: OpenedHarness | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly graceMs: number;
  /** The newest event when the store was opened. */
  readonly since: number;
  /** The jobs that are being created for batches, which the store admits. */
  readonly opening: Set<string>;
}): Promise<Gateway> {
  const { store, registry, installation, opened, llm, agents, clock, log, graceMs } = parts;
  const { concurrency, keepDeadLettersMs } = parts.options;
  const { commands, repo } = store;
  const { life } = installation;
  const { services } = opened;
  const harness = agents?.harness;
  const host = { clock, log, services };
  const over = new AbortController();
  const { pause, resume, pausedAt } = await loadPauses({
    repo,
    commands,
    registry,
    clock,
    onResumed() {
      if (started === undefined) return;
      runner.wake();
      delivery.wake();
    },
  });
  const sources = createSourceRunner({ host, repo, commands, registry, pausedAt });
  const runner = createJobRunner({
    host,
    repo,
    commands,
    registry,
    pausedAt,
    llm: createAttemptLLM({ llm, commands, hasDegraded: repo.llm.hasDegraded, clock, log }),
    ...(harness === undefined
      ? {}
      : {
          harness: createAttemptHarness({
            harness,
            commands,
            hasDegraded: repo.harness.hasDegraded,
            keepGoals: parts.options.agents?.keepGoals ?? false,
            clock,
            log,
          }),
        }),
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  const { newId } = store;
  const batches = createBatches({ repo, clock, newId, opening: parts.opening });
  const triggers = triggersOf(registry.workflows.values(), batches);
  const delivery = createDelivery({
    host,
    repo,
    commands,
    sinks: [...registry.sinks.values(), ...triggers],
    pausedAt,
    since: parts.since,
    ...(keepDeadLettersMs === undefined ? {} : { keepDeadLettersMs }),
  });
  const scheduler = createScheduler({
    clock,
    log,
    repo,
    commands,
    scheduled: [...registry.workflows.values()].flatMap((workflow) => scheduleOfWorkflow(workflow, repo)),
  });
  const apiScheduler = createApiScheduler({ clock, log, repo, commands, registry, newId });
  const schedules = createSchedules({ repo, commands, registry, scheduler: apiScheduler, clock, newId });
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let runnersStopped: Promise<void> | undefined;
  let isDelivering = false;

  const jobs = createJobs({
    commands,
    repo,
    registry,
    batches,
    progress: runner.progress,
    log,
    newId,
    clock,
    onCommitted: store.onCommitted,
    isStarted: () => started !== undefined,
    signal: over.signal,
  });
  installation.made({ jobs, llm, harness });
  const sinkStates = createSinkStates({ clock, repo, health: delivery.health });
  const { tokens, index } = await loadTokens({
    commands,
    rows: repo.http.listTokens,
    extensions: parts.options.extensions?.map(({ name }) => name) ?? [],
    clock,
    newId,
  });

  const gateway: Gateway = {
    commands,
    repo,
    services,
    jobs,
    workflows: createWorkflows(registry, (id) => pausedAt("workflow", id)),
    routes: opened.routes,
    llm,
    model: (profile) => llm.languageModel(profile === undefined ? {} : { profile }),
    embeddingModel: llm.embeddingModel,
    imageModel: llm.imageModel,
    speechModel: llm.speechModel,
    transcriptionModel: llm.transcriptionModel,
    rerankingModel: llm.rerankingModel,
    ...(harness === undefined ? {} : { harness }),
    store,
    follow: store.follow,
    followJournal: store.followJournal,
    sinks: {
      list: sinkStates.list,
      async redrive(id, which = {}) {
        checkSink(id);
        checkOptions("sinks.redrive", which, ["event_id"]);
        return { redriven: await delivery.redrive(id, which) };
      },
      async dismiss(id, which = {}) {
        checkSink(id);
        checkOptions("sinks.dismiss", which, ["event_id"]);
        return { dismissed: await delivery.dismiss(id, which) };
      },
    },
    tokens,
    schedules,
    pause,
    resume,
    sync: sources.sync,
    check: async () => ({ sources: await sources.check() }),
    start() {
      started ??= begin();
      return started;
    },
    stats: createGatewayStats({
      clock,
      repo,
      registry,
      runner,
      sources,
      sinkStats: sinkStates.stats,
      isPaused: (id) => pausedAt("workflow", id) !== undefined,
      store: store.stats,
    }),
    health: () => ({
      ...store.health(),
      sources: sources.health(),
      sinks: delivery.health(),
      jobs: {
        running: runner.running,
        paused: [...registry.workflows.keys()].flatMap((workflow_id) => {
          const at = pausedAt("workflow", workflow_id);
          return at === undefined ? [] : [{ workflow_id, pausedAt: at }];
        }),
      },
      extensions: installation.health(),
    }),
    stop() {
      stopped ??= end();
      return stopped;
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
  setHost(gateway, { clock, log, commands, tokens: index, answering: new Set(), stopping: over.signal });
  return gateway;

  /** The trigger of a workflow is a sink as well. */
  function checkSink(id: string): void {
    if (triggers.every((trigger) => trigger.id !== id)) registry.sink(id);
  }

  async function begin(): Promise<void> {
    await agents?.start();
    await life.start();
    try {
      await delivery.start();
      isDelivering = true;
      store.onCommitted((batch) => {
        runner.wake(batch);
        delivery.wake();
      });
      await runner.start();
      await scheduler.start();
      await apiScheduler.start();
      await sources.start();
      installation.serve();
    } catch (error) {
      const budget = createStopBudget({ clock, graceMs });
      await stopRunners(budget);
      await life.stop(budget.left(EXTENSIONS));
      throw error;
    }
  }

  /** Syncs, schedules and jobs end together, since each may take as long as the others; then what they did is delivered. */
  function stopRunners(budget: StopBudget, starting: Promise<void> = Promise.resolve()): Promise<void> {
    runnersStopped ??= (async () => {
      const ms = budget.left(WORK);
      const work = [sources.stop(ms), scheduler.stop(), apiScheduler.stop(), runner.stop(ms)];
      await budget.wait(WORK, starting);
      await inTime(budget, REPORTS, Promise.all(work), "Syncs, schedules and jobs");
      if (isDelivering) await inTime(budget, CURSORS, delivery.stop(budget.left(DELIVERY)), "Deliveries");
    })();
    return runnersStopped;
  }

  async function inTime(
    budget: StopBudget,
    share: number,
    part: Promise<unknown>,
    name: string,
  ): Promise<void> {
    if (!(await budget.wait(share, part)))
      log.warn({ graceMs }, `${name} did not end in time. They are repeated after the next start.`);
  }

  async function end(): Promise<void> {
    const budget = createStopBudget({ clock, graceMs });
    life.interrupt(budget.left(WORK));
    await stopRunners(budget, started);
    if (agents !== undefined) await inTime(budget, EXTENSIONS, agents.stop(), "Agents");
    await life.stop(budget.left(EXTENSIONS));
    over.abort(
      new CoreError("ATLAS_CORE_STOPPED", {}, "The gateway was stopped. Create another one to go on."),
    );
    await store.stop({ withinMs: budget.left(ALL) });
  }
}
