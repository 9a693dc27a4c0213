import type { Command, CommandSink, CommittedBatch, Job, ReadOnlyRepo } from "@atlas/core";
import { createLoop, type Loop } from "@atlas/core/internal";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import type { PluginHost } from "../calling/plugin-host.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import { FIRST_VERSION } from "../contract/version.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PausedAt } from "../flow/pauses.ts";
import { createRateLimits } from "../flow/rate-limits.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { AttemptLLM, HarnessOfAttempt } from "./attempt.ts";
import { createClaims } from "./claims.ts";
import { createClaimsAhead } from "./claims-ahead.ts";
import { hearCommit } from "./hear-commit.ts";
import { createJobMoves } from "./job-moves.ts";
import { createJobRuns } from "./job-runs.ts";
import { type AttemptOutcome, type NextJobState, nextJobState } from "./job-state.ts";
import { createProgress, type Progress } from "./progress.ts";
import { createQuarantine } from "./quarantine.ts";
import { recoverOrphans } from "./recover-orphans.ts";
import { createRunRecorder, type RunRecorder } from "./run-figures.ts";
import { createRunPace } from "./run-pace.ts";
import { createSlots } from "./slots.ts";
import { noteOfVersion } from "./versions.ts";
import { createWaits } from "./waits/waits.ts";

/** Claims ready jobs, runs their workflows and stores the results. */
export interface JobRunner {
  /** Returns to the queue what an earlier process left running, and begins to claim jobs. */
  start(): Promise<void>;
  /** Looks for ready jobs soon. Call it after each commit, with the committed batch. */
  wake(batch?: CommittedBatch): void;
  /** The progress of running jobs. */
  readonly progress: Pick<Progress, "of" | "listen">;
  /** What the runs of a workflow came to. */
  readonly figures: RunRecorder["figures"];
  /** Attempts that run now. */
  readonly running: number;
  /**
   * Claims no more jobs, begins no more attempts and waits for the running ones. After `graceMs` it aborts them and returns their jobs
   * to the queue, for which it waits another second at most.
   */
  stop(graceMs: number): Promise<void>;
}

const IDLE_MS = 5_000;
const DEFAULT_CONCURRENCY = 10;

/** What begins with more than a claim, or under a limit of time or of keys, waits for its slot in the queue. */
function mayBeClaimedAhead(workflow: WorkflowPlugin): boolean {
  const { perKey, rateLimit, batch, version = FIRST_VERSION } = workflow;
  const limits = [perKey, rateLimit, batch];
  return version === FIRST_VERSION && limits.every((limit) => limit === undefined);
}

/** A runner of the registered workflows. */
export function createJobRunner(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  /** What `ctx.llm` is: one for all attempts, or a function that makes one for each. */
  readonly llm: LLM | ((job: Job) => AttemptLLM | Promise<AttemptLLM>);
  /** What `ctx.harness` is, in the same way. Default: workflows have none. */
  readonly harness?: HarnessRuntime | HarnessOfAttempt;
  /**
   * Attempts that run at the same time. Default: 10. Raise it for workflows that mostly wait for models; they share one thread, so it
   * does not help those that compute.
   */
  readonly concurrency?: number;
  /** A random number 0 ≤ x < 1 for the jitter of retries. Default: `Math.random`. */
  readonly random?: () => number;
  /** Says which workflows are paused. Call `wake` after one was resumed. Default: none is. */
  readonly pausedAt?: PausedAt;
}): JobRunner {
  const { host, repo, commands, registry, llm, harness, random = Math.random, pausedAt } = options;
  const { clock, log } = host;
  // Until recovery has ended, a running job is an orphan.
  let isStarted = false;

  const progress = createProgress({ commands, clock, log });
  const waits = createWaits({ repo, commands, clock, log });
  const slots = createSlots({
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    onFree() {
      ahead.proceed();
      loop.wake();
    },
  });
  const rates = createRateLimits({ repo, clock });
  const recorder = createRunRecorder(clock.monotonic);
  const quarantine = createQuarantine(repo);
  const ahead = createClaimsAhead(slots, clock);
  const pace = createRunPace();
  const moves = createJobMoves(commands, ahead);
  const runs = createJobRuns({
    parts: { host, repo, commands, registry, llm, harness, progress, random },
    repo,
    moves,
    log,
    slots,
    ahead,
    pace,
    isHeldBack: ({ id }) => pausedAt?.("workflow", id) !== undefined,
    recorder,
    quarantine,
    claims: () => claims,
    decide,
    onParked: (id) =>
      void waits
        .parked(id)
        .catch((error: unknown) => log.error({ error, job_id: id }, "A wait could not be taken up.")),
    onFree: () => loop.wake(),
  });
  const claims = createClaims({
    repo,
    commands,
    moves,
    clock,
    log,
    registry,
    slots,
    aheadRoom(workflow) {
      const { id, concurrency: most = slots.concurrency } = workflow;
      const room = pace.ahead(id, Math.min(slots.concurrency, most)) - ahead.count;
      return room > 0 && quarantine.isEmpty && mayBeClaimedAhead(workflow) ? room : 0;
    },
    limits: [rates.permit, ({ id }) => (pausedAt?.("workflow", id) === undefined ? "now" : "later")],
    keyLimit: rates.permitKey,
    together: (workflow, job) => [...rates.begin(workflow, job.group_key), ...noteOfVersion(job, workflow)],
    isBusy: (id) => runs.has(id) || quarantine.isHeld(id),
    onDue: () => loop.wake(),
    begin: runs.begin,
  });
  const loop: Loop = createLoop({
    tick: claims.round,
    clock,
    idleMs: IDLE_MS,
    onError: (error) => log.error({ error }, "Looking for ready jobs failed and will be retried."),
  });

  return {
    async start() {
      await recoverOrphans({ repo, commands, log, decide, suspect: quarantine.add });
      await quarantine.load();
      await waits.load();
      await rates.load(registry.workflows.values());
      isStarted = true;
      loop.wake();
    },
    wake(batch) {
      const mayBeReady = batch === undefined || hearCommit(batch, { claims, runs });
      if (batch !== undefined) waits.committed(batch);
      if (mayBeReady && isStarted) loop.wake();
    },
    progress,
    figures: recorder.figures,
    get running() {
      return slots.used;
    },
    async stop(graceMs) {
      waits.stop();
      claims.stop();
      const ended = runs.stop(graceMs);
      await loop.stop();
      await ended;
    },
  };

  function decide(job: Job & { readonly uncounted?: number }, outcome: AttemptOutcome): NextJobState {
    const policy = registry.workflows.get(job.workflow_id)?.retry ?? {};
    return nextJobState(job, outcome, policy, { now: clock.now(), random: random() });
  }
}
