import type { Command, CommandSink, Job, ReadOnlyRepo } from "@atlas/core";
import { handled } from "../calling/handled.ts";
import { PluginError } from "../contract/errors.ts";
import {
  FIRST_VERSION,
  VERSION_DECISIONS,
  type VersionChange,
  type VersionDecision,
} from "../contract/version.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";

/** Where a job stands at the beginning of an attempt. */
export interface BegunVersion {
  /** The version under which it began, or begins now. */
  readonly version: number;
  /** True when it begins again: what it had is forgotten. */
  readonly isRestarted: boolean;
}

/** What to commit together with a claim, so that the version is known of every job that begins. Version 1 is known without it. */
export function noteOfVersion(
  { id, attempt }: Pick<Job, "id" | "attempt">,
  { version = FIRST_VERSION }: WorkflowPlugin,
): readonly PluginsCommand[] {
  if (attempt > 1 || version === FIRST_VERSION) return [];
  return [{ type: "plugins.job.version", job_id: id, version }];
}

/**
 * Does to a job that begins an attempt what its workflow wants when its version has changed. Throws `ATLAS_PLUGINS_VERSION_CHANGED`, or what
 * the workflow's function throws.
 */
export async function settleVersion(
  {
    repo,
    commands,
  }: {
    readonly repo: ReadOnlyRepo<PluginsModule>;
    readonly commands: CommandSink<Command | PluginsCommand>;
  },
  job: Job,
  workflow: WorkflowPlugin,
): Promise<BegunVersion> {
  const { id, attempt } = job;
  const { version: to = FIRST_VERSION } = workflow;
  const from = await repo.plugins.getJobVersion(id);
  if (from === to) return { version: to, isRestarted: false };
  if (from === undefined) {
    // It was claimed before, and did not begin.
    await commands.enqueue({ type: "plugins.job.version", job_id: id, version: to }, ACTOR);
    return { version: to, isRestarted: false };
  }
  const finishedSteps = (await repo.plugins.listJobSteps(id)).map(({ name }) => name);
  const decision = decide(workflow, { job, from, to, finishedSteps });
  if (decision === "fail") throw versionChanged(job, from, to);
  if (decision === "continue") return { version: from, isRestarted: false };
  await commands.enqueue({ type: "plugins.job.restart", job_id: id, attempt, version: to }, ACTOR);
  return { version: to, isRestarted: true };
}

const ACTOR = { actor: "runner" };

function decide(
  { id, onVersionChange = "continue" }: WorkflowPlugin,
  change: VersionChange,
): VersionDecision {
  const decision = typeof onVersionChange === "function" ? onVersionChange(change) : onVersionChange;
  if (VERSION_DECISIONS.includes(decision)) return decision;
  // Code without types may return a promise, which nobody would look at.
  const returned: unknown = decision;
  if (returned instanceof Promise) void handled(returned);
  throw new TypeError(
    `The workflow "${id}": onVersionChange must return "continue", "restart" or "fail" for the job "${change.job.id}"; got ${String(decision)}.`,
  );
}

function versionChanged({ id, workflow_id }: Job, from: number, to: number): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_VERSION_CHANGED",
    { id, workflow_id, from, to },
    `The job "${id}" began under version ${from} of the workflow "${workflow_id}", which now has version ${to} and lets such jobs fail. Create another job; or run version ${from} again, or change onVersionChange, and call jobs.redrive("${id}").`,
  );
}
