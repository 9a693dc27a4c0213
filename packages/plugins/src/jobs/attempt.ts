import type { Command, CommandSink, Job, JsonObject, ReadOnlyRepo } from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import { type Call, startCall } from "../calling/call.ts";
import { readFailure } from "../calling/failure.ts";
import { type PluginHost, trackCommands } from "../contract/context.ts";
import { PluginError } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { Wait } from "../contract/wait.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { readJobInput } from "./job-input.ts";
import type { AttemptOutcome } from "./job-state.ts";
import type { Progress } from "./progress.ts";
import { createSteps } from "./steps.ts";
import { createWorkflowContext } from "./workflow-context.ts";

/** One attempt at a job. */
export interface Attempt {
  /** Never rejects. */
  readonly ended: Promise<AttemptEnd>;
  /** Ends it from outside. */
  abort(reason: PluginError, graceMs: number): void;
}

/** How an attempt ended, and what it left. */
export interface AttemptEnd {
  /** `cancelled`: the job was moved by somebody else, and stays as it is. */
  readonly outcome: AttemptOutcome | { readonly status: "cancelled" };
  /** Present where it ended to wait. */
  readonly wait?: Wait;
  /** True when it kept something for a later attempt. */
  readonly kept: boolean;
  /** What was thrown, where something was. */
  readonly thrown?: unknown;
}

/** What `ctx.llm` is for one attempt. */
export interface AttemptLLM {
  readonly llm: LLM;
  /** What the artifacts of this attempt must say about the answers that it has had so far, if anything. */
  artifactData?(): JsonObject | undefined;
}

/** What attempts are made with. */
export interface AttemptParts {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  readonly llm: LLM | ((job: Job) => AttemptLLM | Promise<AttemptLLM>);
  readonly harness: HarnessRuntime | undefined;
  readonly progress: Progress;
}

const DEFAULT_TIMEOUT_MS = 15 * 60 * 1_000;
const GRACE_MS = 5_000;
const NO_SERVICES = Object.freeze({});

/** Runs a workflow once. */
export function startAttempt(
  parts: AttemptParts,
  of: {
    readonly job: Job;
    readonly workflow: WorkflowPlugin;
    readonly uncounted: number;
    /** How many events led to this job. */
    readonly depth: number;
    /** The newest event that is known. */
    readonly begunAt: number;
  },
): Attempt {
  const { host, repo, registry, progress } = parts;
  const { job, workflow } = of;
  const actor = `workflow:${workflow.id}#${job.id}`;
  const tracked = trackCommands(parts.commands, {
    actor,
    cause: { kind: "job", id: job.id, depth: of.depth },
  });
  let wait: Wait | undefined;

  const steps = createSteps({
    job,
    repo,
    commands: tracked.commands,
    clock: host.clock,
    begunAt: of.begunAt,
    settled: tracked.settled,
    refuse: tracked.refuse,
    suspend(next) {
      wait = next;
      const error = suspended(next);
      call.abort(error, GRACE_MS);
      return error;
    },
  });
  const call: Call = startCall({
    clock: host.clock,
    plugin: actor,
    timeoutMs: workflow.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    graceMs: GRACE_MS,
    onAbort: tracked.end,
    async work(started) {
      const made = typeof parts.llm === "function" ? parts.llm(job) : { llm: parts.llm };
      const { llm, artifactData } = made instanceof Promise ? await made : made;
      const context = createWorkflowContext({
        job,
        attempt: Math.max(1, job.attempt - of.uncounted),
        workflow,
        registry,
        repo,
        clock: host.clock,
        log: host.log,
        services: host.services ?? NO_SERVICES,
        llm,
        artifactData: artifactData ?? (() => undefined),
        harness: parts.harness,
        commands: tracked.commands,
        signal: () => started.signal,
        refuse: tracked.refuse,
        track: tracked.track,
        steps,
        progress: (told) => progress.report(job.id, told),
      });
      const input = readJobInput(workflow, job.input);
      await workflow.run(context, input instanceof Promise ? await input : input, job.id);
      await tracked.settled();
    },
  });

  return { ended: outcome(), abort: call.abort };

  async function outcome(): Promise<AttemptEnd> {
    const end = await call.ended;
    tracked.end();
    const kept = steps.used;
    if (end.kind === "returned") return { outcome: { status: "succeeded" }, kept };
    if (end.kind === "threw") return failed(end.error, kept);
    if (end.reason instanceof PluginError) {
      const { code } = end.reason;
      if (code === "ATLAS_PLUGINS_CANCELLED") return { outcome: { status: "cancelled" }, kept };
      if (code === "ATLAS_PLUGINS_STOPPING") return { outcome: { status: "interrupted" }, kept };
      if (code === "ATLAS_PLUGINS_SUSPENDED" && wait !== undefined) return waiting(wait);
    }
    return failed(end.reason, kept);
  }

  /** What was sent before the wait belongs to the attempt: when it was refused, the attempt has failed. */
  async function waiting(next: Wait): Promise<AttemptEnd> {
    try {
      await tracked.settled();
    } catch (error) {
      return failed(error, true);
    }
    const { until } = next;
    return {
      outcome: { status: "waiting", ...(until === undefined ? {} : { until }) },
      wait: next,
      kept: true,
    };
  }

  function failed(thrown: unknown, kept: boolean): AttemptEnd {
    const failure = readFailure(thrown);
    const retryable = failure.retryable && isRetryable(workflow, thrown);
    return { outcome: { status: "failed", failure: { ...failure, retryable } }, kept, thrown };
  }
}

function isRetryable({ retry }: WorkflowPlugin, thrown: unknown): boolean {
  try {
    return retry?.retryable?.(thrown) ?? true;
  } catch {
    return true;
  }
}

function suspended({ job_id, name }: Wait): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_SUSPENDED",
    { id: job_id, step: name },
    `Job "${job_id}" waits and will run again from the top; this attempt is over. Do not catch this.`,
  );
}
