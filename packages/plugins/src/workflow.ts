import type { Artifact, FindArtifactsOptions, NewArtifact, NewJob, Page } from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLMRuntime } from "@atlas/llm";
import type { PluginContext } from "./context.ts";

/** Thinks about what is known, with language models and coding agents, and leaves artifacts. */
export interface WorkflowPlugin {
  readonly id: string;
  run(ctx: WorkflowContext, input: Record<string, unknown>, jobId: string): Promise<void>;
}

/** What a workflow is given for one attempt at a job. When the attempt is over, it refuses to work. */
export interface WorkflowContext extends PluginContext {
  readonly llm: LLMRuntime;
  /** Present where the host configured one. */
  readonly harness?: HarnessRuntime;
  /**
   * Creates an artifact of this job and resolves when it is committed. Without an id it gets `<job>:artifact:<n>`, so that
   * a repeated attempt replaces what the one before left.
   */
  emitArtifact(artifact: NewArtifact): Promise<{ readonly id: string }>;
  /** Queues a job below this one, with the id `<job>:job:<n>` unless it has one, so that it is never queued twice. */
  spawnJob(job: NewJob): Promise<{ readonly id: string }>;
  findArtifacts(options?: FindArtifactsOptions): Promise<Page<Artifact>>;
}

/** Types a workflow. */
export function defineWorkflow<Workflow extends WorkflowPlugin>(workflow: Workflow): Workflow {
  return workflow;
}
