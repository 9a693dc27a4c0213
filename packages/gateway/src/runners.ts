import { type Clock, CoreError, type Logger, type Store } from "@atlas/core";
import { applyHarnessMiddleware } from "@atlas/harness";
import type { LLMModule } from "@atlas/llm/module";
import type { PluginsModule } from "@atlas/plugins";
import {
  checkOptions,
  createDelivery,
  createJobRunner,
  createScheduler,
  createSourceRunner,
  type PluginRegistry,
  scheduleOfWorkflow,
} from "@atlas/plugins/runtime";
import { createAttemptLLM } from "./attempt-llm.ts";
import type { Installation, Opened } from "./extensions/installation.ts";
import type { Gateway } from "./gateway.ts";
import type { GatewayLLM } from "./gateway-llm.ts";
import type { AnyGatewayOptions } from "./gateway-options.ts";
import { createJobs } from "./jobs.ts";

/** Creates the runners around an open store, and the gateway in front of them. */
export function createRunners(parts: {
  readonly options: Pick<AnyGatewayOptions, "harness" | "concurrency" | "keepDeadLettersMs">;
  readonly store: Store<PluginsModule | LLMModule>;
  readonly registry: PluginRegistry;
  readonly installation: Installation;
  readonly opened: Opened;
  readonly llm: GatewayLLM;
  readonly clock: Clock;
  readonly log: Logger;
  readonly graceMs: number;
  /** The newest event when the store was opened. */
  readonly since: number;
}): Gateway {
  const { store, registry, installation, opened, llm, clock, log, graceMs } = parts;
  const { concurrency, keepDeadLettersMs } = parts.options;
  const { commands, repo } = store;
  const { life } = installation;
  const { services } = opened;
  const harness =
    parts.options.harness === undefined
      ? undefined
      : applyHarnessMiddleware(parts.options.harness, opened.harness);
  const host = { clock, log, services };
  const over = new AbortController();
  const sources = createSourceRunner({ host, repo, commands, registry });
  const runner = createJobRunner({
    host,
    repo,
    commands,
    registry,
    llm: createAttemptLLM({ llm, commands, hasDegraded: repo.llm.hasDegraded, clock, log }),
    ...(harness === undefined ? {} : { harness }),
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  const delivery = createDelivery({
    host,
    repo,
    commands,
    sinks: registry.sinks.values(),
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
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let runnersStopped: Promise<void> | undefined;

  const jobs = createJobs({
    commands,
    repo,
    registry,
    progress: runner.progress,
    newId: store.newId,
    onCommitted: store.onCommitted,
    isStarted: () => started !== undefined,
    signal: over.signal,
  });
  installation.made({ jobs, llm, harness });

  const gateway: Gateway = {
    commands,
    repo,
    services,
    jobs,
    routes: opened.routes,
    llm,
    store,
    follow: store.follow,
    sinks: {
      async redrive(id, which = {}) {
        registry.sink(id);
        checkOptions("sinks.redrive", which, ["event_id"]);
        return { redriven: await delivery.redrive(id, which) };
      },
      async dismiss(id, which = {}) {
        registry.sink(id);
        checkOptions("sinks.dismiss", which, ["event_id"]);
        return { dismissed: await delivery.dismiss(id, which) };
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
      extensions: installation.health(),
    }),
    stop() {
      stopped ??= end();
      return stopped;
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
  return gateway;

  async function begin(): Promise<void> {
    await life.start();
    try {
      await delivery.start();
      store.onCommitted((batch) => {
        runner.wake(batch);
        delivery.wake();
      });
      await runner.start();
      await scheduler.start();
      await sources.start();
      installation.serve();
    } catch (error) {
      await stopRunners();
      await life.stop();
      throw error;
    }
  }

  function stopRunners(): Promise<void> {
    runnersStopped ??= (async () => {
      await sources.stop(graceMs);
      await scheduler.stop();
      await runner.stop(graceMs);
      await delivery.stop(graceMs);
    })();
    return runnersStopped;
  }

  async function end(): Promise<void> {
    life.interrupt();
    await sources.stop(graceMs);
    const areRunning = await started?.then(
      () => true,
      () => false,
    );
    if (areRunning === true) await stopRunners();
    await life.stop();
    over.abort(
      new CoreError("ATLAS_CORE_STOPPED", {}, "The gateway was stopped. Create another one to go on."),
    );
    await store.stop();
  }
}
