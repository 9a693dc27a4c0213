import type {
  CallContext,
  Command,
  CommandSink,
  Job,
  JsonObject,
  JsonValue,
  ReadOnlyRepo,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import { type Call, startCall } from "../calling/call.ts";
import { readFailure } from "../calling/failure.ts";
import { withTraceparent } from "../calling/observer.ts";
import { type PluginHost, servicesOf } from "../calling/plugin-host.ts";
import { trackCommands } from "../calling/tracked-commands.ts";
import { isPluginError, type PluginError } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import { FIRST_VERSION } from "../contract/version.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createAttemptCalls } from "./attempt-calls.ts";
import { type AttemptLog, createAttemptLog } from "./attempt-log.ts";
import { readBatchInputs } from "./batch-inputs.ts";
import { readJobInput } from "./job-input.ts";
import type { AttemptOutcome } from "./job-state.ts";
import { checkedResult } from "./json-result.ts";
import type { Progress } from "./progress.ts";
import { createStepTries } from "./step-tries.ts";
import { createSteps } from "./steps.ts";
import { settleVersion } from "./versions.ts";
import { createAttemptWaits } from "./waits/attempt-waits.ts";
import { createParking, type Park } from "./waits/park.ts";
import { createWorkflowContext } from "./workflow-context.ts";

/** A running attempt at a job. */
export interface JobAttempt {
  /** Never rejects. */
  readonly ended: Promise<JobAttemptEnd>;
  /** Ends the attempt from outside. */
  abort(reason: PluginError, graceMs: number): void;
}

/** How an attempt at a job ended, and what it left. */
export interface JobAttemptEnd {
  /** `cancelled`: somebody else has moved the job, and it stays as it is. */
  readonly outcome: AttemptOutcome | { readonly status: "cancelled" };
  /** Present when it ended in a wait. */
  readonly park?: Park;
  /** True when it began anew, under another version of its workflow: earlier runs do not count. */
  readonly isRestarted?: boolean;
  /** True when its workflow was not called, and never has been. */
  readonly isUnbegun?: boolean;
  /** True when it stored something for a later attempt. */
  readonly kept: boolean;
  /** Stores the last lines of its log. */
  readonly log?: PluginsCommand;
  /** What `run` returned. */
  readonly result?: JsonValue;
  /** Artifacts of earlier attempts that a successful one leaves behind. */
  readonly stale?: readonly string[];
  /** The thrown value, when something was thrown. */
  readonly thrown?: unknown;
}

/** The language models of one attempt. */
export interface AttemptLLM {
  readonly llm: LLM;
  /** Data to add to the artifacts of this attempt, about the answers it has had so far. */
  artifactData?(): JsonObject | undefined;
}

/** The coding agents of one attempt. */
export interface AttemptHarness {
  readonly harness: HarnessRuntime;
  /** Data to add to the artifacts of this attempt, about the work of agents so far. */
  artifactData?(): JsonObject | undefined;
}

/** Makes the coding agents of one attempt. `say` reports what they do as the progress of the job, until the attempt is over. */
export type HarnessOfAttempt = (
  job: Job,
  say: (message: string) => void,
) => AttemptHarness | Promise<AttemptHarness>;

/** What every attempt needs. */
export interface AttemptParts {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  readonly llm: LLM | ((job: Job) => AttemptLLM | Promise<AttemptLLM>);
  readonly harness: HarnessRuntime | HarnessOfAttempt | undefined;
  readonly progress: Progress;
  readonly random: () => number;
}

/** The default time limit of an attempt. */
export const DEFAULT_TIMEOUT_MS = 15 * 60 * 1_000;
/** How long an attempt that was aborted may take to end. */
export const GRACE_MS = 5_000;

/** Runs a workflow once. */
export function startAttempt(
  parts: AttemptParts,
  of: {
    readonly job: Job;
    readonly workflow: WorkflowPlugin;
    readonly uncounted: number;
    /** The span of the attempt, which its calls and commands belong to. Default: that of the job. */
    readonly traceparent?: string | undefined;
  },
): JobAttempt {
  const { host, repo, registry, progress } = parts;
  const { job, workflow } = of;
  const actor = `workflow:${workflow.id}#${job.id}`;
  const context: CallContext = {
    ...withTraceparent(job.context ?? {}, of.traceparent),
    job_id: job.id,
    workflow_id: workflow.id,
    attempt: job.attempt,
  };
  const tracked = trackCommands(parts.commands, {
    actor,
    cause: { kind: "job", id: job.id, depth: job.depth },
    context,
  });
  let park: Park | undefined;
  let attemptLog: AttemptLog | undefined;
  let stale: readonly string[] = [];
  let result: JsonValue | undefined;
  let isRestarted = false;

  const { commands, settled, refuse } = tracked;
  const parking = createParking({
    job,
    settled,
    onPark(next, error) {
      park = next;
      tracked.end(error);
      call.abort(error, GRACE_MS);
    },
  });
  const tries = createStepTries();
  const calls = createAttemptCalls({ job, tries });
  const waits = createAttemptWaits({
    job,
    repo,
    // Not tracked: a refusal means that somebody else was first, and does not fail the attempt.
    commands: parts.commands,
    clock: host.clock,
    parking,
    tries,
    settled,
    refuse,
  });
  const steps = createSteps({
    job,
    repo,
    commands,
    host,
    random: parts.random,
    signal: () => call.signal,
    refuse,
    during: parking.during,
    tries,
  });
  const call: Call = startCall({
    clock: host.clock,
    plugin: actor,
    timeoutMs: workflow.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    graceMs: GRACE_MS,
    onAbort: tracked.end,
    async work(started) {
      const begun = job.attempt === 1 ? undefined : await settleVersion(parts, job, workflow);
      isRestarted = begun?.isRestarted === true;
      const made = typeof parts.llm === "function" ? parts.llm(job) : { llm: parts.llm };
      const { llm, artifactData } = made instanceof Promise ? await made : made;
      const { harness } = parts;
      const lent = typeof harness === "function" ? harness(job, say) : harness && { harness };
      const agents = lent instanceof Promise ? await lent : lent;
      const ctx = createWorkflowContext({
        job,
        attempt: isRestarted ? 1 : Math.max(1, job.attempt - of.uncounted),
        version: begun?.version ?? workflow.version ?? FIRST_VERSION,
        workflow,
        registry,
        repo,
        clock: host.clock,
        log: host.log,
        keepLog(log) {
          attemptLog = createAttemptLog({ job, log, clock: host.clock, commands: parts.commands });
          return attemptLog.logger;
        },
        services: servicesOf(host),
        llm,
        artifactData: () => joinedData(artifactData?.(), agents?.artifactData?.()),
        harness: agents?.harness,
        commands: tracked.commands,
        context,
        signal: started.signal,
        refuse: tracked.refuse,
        during: parking.during,
        track: tracked.track,
        together: tracked.together,
        calls,
        steps,
        waits,
        progress: (told) => progress.report(job.id, told),
      });
      // A first attempt has none before it.
      if (job.attempt > 1) calls.load(await repo.plugins.listJobCalls(job.id));
      // Last, so that nothing is awaited before a promise that may reject.
      const input =
        workflow.batch === undefined
          ? readJobInput(workflow, job.input)
          : readBatchInputs(workflow, job, repo);
      let returned: unknown;
      try {
        const given = input instanceof Promise ? await input : input;
        // A workflow with `batch` is typed with a list.
        returned = await workflow.run(ctx, given as Record<string, unknown>, job.id);
      } finally {
        parking.end();
      }
      await tracked.settled();
      result = checkedResult(returned, { job: job.id });
      if (job.attempt > 1) stale = await findStale();
    },
  });

  return { ended: withLog(outcome()), abort: call.abort };

  async function withLog(ended: Promise<JobAttemptEnd>): Promise<JobAttemptEnd> {
    const end = await ended;
    const log = attemptLog?.end();
    return { ...end, ...(log === undefined ? {} : { log }), ...(isRestarted ? { isRestarted } : {}) };
  }

  /** The numbers stay those that the workflow itself reported. */
  function say(message: string): void {
    if (tracked.isOver) return;
    progress.report(job.id, { ...(progress.of(job.id) ?? { done: 0 }), message });
  }

  async function outcome(): Promise<JobAttemptEnd> {
    const end = await call.ended;
    tracked.end();
    const kept = steps.used || calls.used;
    if (end.kind === "returned") {
      const more = result === undefined ? {} : { result };
      return { outcome: { status: "succeeded" }, kept, stale, ...more };
    }
    if (end.kind === "threw") return failed(end.error, kept);
    if (isPluginError(end.reason)) {
      const { code } = end.reason;
      if (code === "ATLAS_PLUGINS_CANCELLED") return { outcome: { status: "cancelled" }, kept };
      if (code === "ATLAS_PLUGINS_STOPPING") return { outcome: { status: "interrupted" }, kept };
      if (code === "ATLAS_PLUGINS_SUSPENDED" && park !== undefined) return waiting(park);
    }
    return failed(end.reason, kept);
  }

  async function findStale(): Promise<readonly string[]> {
    const finished = new Map<string, number>();
    for (const { name, attempt } of await repo.plugins.listJobSteps(job.id)) finished.set(name, attempt ?? 0);
    return calls.stale((step) => finished.get(step));
  }

  /** Commands sent before the wait belong to the attempt. If one was refused, the attempt has failed. */
  async function waiting(next: Park): Promise<JobAttemptEnd> {
    try {
      await tracked.settled();
    } catch (error) {
      return failed(error, true);
    }
    const { until } = next;
    return {
      outcome: { status: "waiting", ...(until === undefined ? {} : { until }) },
      park: next,
      kept: true,
    };
  }

  function failed(thrown: unknown, kept: boolean): JobAttemptEnd {
    const failure = readFailure(thrown);
    const retryable = failure.retryable && isRetryable(workflow, thrown);
    return { outcome: { status: "failed", failure: { ...failure, retryable } }, kept, thrown };
  }
}

function joinedData(first: JsonObject | undefined, second: JsonObject | undefined): JsonObject | undefined {
  return first === undefined || second === undefined ? (first ?? second) : { ...first, ...second };
}

function isRetryable({ retry }: WorkflowPlugin, thrown: unknown): boolean {
  try {
    return retry?.retryable?.(thrown) ?? true;
  } catch {
    return true;
  }
}
