import type {
  CallContext,
  Clock,
  Command,
  Job,
  JsonObject,
  Logger,
  NewArtifact,
  NewJob,
  ReadOnlyRepo,
} from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import { correlationField, logWith } from "../calling/call-context.ts";
import { handled } from "../calling/handled.ts";
import type { PluginCommands } from "../contract/context.ts";
import { PluginError } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { PluginServices } from "../contract/service.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { CallOptions, JobProgress, WorkflowContext } from "../contract/workflow-context.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { AttemptCalls } from "./attempt-calls.ts";
import { llmOfAttempt } from "./attempt-model.ts";
import { runtimeOfAttempt } from "./attempt-runtime.ts";
import { checkedJob } from "./job-input.ts";
import type { Steps } from "./steps.ts";
import type { AttemptWaits } from "./waits/attempt-waits.ts";

/** What the context of one attempt is made of. */
export interface WorkflowContextParts {
  readonly job: Job;
  /** Which attempt it is for the plugin: waits and interruptions are not counted. */
  readonly attempt: number;
  /** The version under which the job began. */
  readonly version: number;
  readonly workflow: WorkflowPlugin;
  readonly registry: PluginRegistry;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes the lines of a logger be kept with the job. */
  readonly keepLog: (log: Logger) => Logger;
  readonly services: PluginServices;
  readonly llm: LLM;
  /** What an artifact must say about the answers that it may be made of. */
  readonly artifactData: () => JsonObject | undefined;
  readonly harness: HarnessRuntime | undefined;
  readonly commands: PluginCommands<Command>;
  /** Whom and what the attempt works for. */
  readonly context: CallContext;
  readonly signal: AbortSignal;
  /** Throws when the attempt is over. */
  readonly refuse: () => void;
  /** Keeps the attempt from being parked meanwhile. */
  readonly during: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Makes the attempt wait for this too before it is over. */
  readonly track: <Result>(send: () => Promise<Result>) => Promise<Result>;
  /** Sends commands as one unit that counts as one. */
  readonly together: (commands: readonly (Command | PluginsCommand)[]) => Promise<unknown>;
  readonly calls: AttemptCalls;
  readonly steps: Steps;
  readonly waits: AttemptWaits;
  readonly progress: (progress: JobProgress) => void;
}

/** The context of one attempt. It has values only: an object with getters of its own would stay in memory until the next full collection. */
export function createWorkflowContext(parts: WorkflowContextParts): WorkflowContext {
  const { job, workflow, registry, repo, commands, refuse, steps, calls } = parts;
  let depth: Promise<number> | undefined;
  const attempt = { signal: parts.signal, context: parts.context, refuse, during: parts.during };
  const ofAttempt = <Runtime extends object>(runtime: Runtime): Runtime => runtimeOfAttempt(runtime, attempt);
  const llm = llmOfAttempt(parts.llm, attempt);

  const given = parts.harness;
  const wanted = workflow.capabilities === undefined || workflow.capabilities.includes("harness");
  return {
    repo,
    commands,
    clock: parts.clock,
    services: parts.services,
    context: parts.context,
    attempt: parts.attempt,
    version: parts.version,
    log: parts.keepLog(logOfJob(parts.log, job, parts.context)),
    signal: parts.signal,
    llm,
    model: (profile) => llm.languageModel(profile === undefined ? {} : { profile }),
    emitArtifact: (artifact, options) =>
      make(() => {
        const key = keyOf("ctx.emitArtifact", options);
        const { id, note } = calls.next({ kind: "artifact", id: artifact.id, key, content: [artifact.type] });
        return {
          id,
          sent: send(
            {
              type: "artifact.create",
              artifact: { job_id: job.id, ...artifact, ...evidence(artifact), id },
            },
            note,
          ),
        };
      }),
    spawnJob: (child, options) =>
      make(() => {
        const key = keyOf("ctx.spawnJob", options);
        const content = [child.workflow_id, child.input ?? {}];
        const { id, note } = calls.next({ kind: "job", id: child.id, key, content });
        return { id, sent: spawn({ parent_id: job.id, ...child, id }, note) };
      }),
    findArtifacts: repo.findArtifacts,
    step: steps.step,
    sleep: parts.waits.sleep,
    wait: parts.waits.wait,
    waitForEvent: parts.waits.waitForEvent,
    waitForJobs: parts.waits.waitForJobs,
    // It may be called by a timer, where anything thrown ends the process. What is wrong with it fails the attempt.
    progress: (progress) => void handled(parts.track(async () => parts.progress(progress))),
    ...(given === undefined || !wanted ? {} : { harness: ofAttempt(given) }),
  };

  function evidence({ data }: NewArtifact): Pick<NewArtifact, "data"> {
    const said = parts.artifactData();
    return said === undefined ? {} : { data: { ...data, ...said } };
  }

  function send(command: Command, note: PluginsCommand | undefined): Promise<unknown> {
    return note === undefined ? commands.enqueue(command) : parts.together([command, note]);
  }

  function spawn(child: NewJob, note: PluginsCommand | undefined): Promise<unknown> {
    const create = (made: NewJob): Promise<unknown> => send({ type: "job.create", job: made }, note);
    const schema = registry.workflows.get(child.workflow_id);
    const isFirst = job.parent_id === undefined;
    if (schema?.input === undefined && isFirst) return create(child);
    // Refused by the store where the schema answers at once; where it answers later, it is asked here.
    return parts.track(async () => {
      if (!isFirst) await checkDepth();
      return create(schema === undefined ? child : await checkedJob(schema, child));
    });
  }

  async function checkDepth(): Promise<void> {
    const limit = workflow.maxSpawnDepth ?? MAX_SPAWN_DEPTH;
    depth ??= repo.plugins.countAncestors(job.id, limit);
    if ((await depth) >= limit) throw tooDeep(job.id, limit);
  }

  /** What throws at once fails the attempt like a refused command, also when nobody awaits it. */
  function make(call: () => { readonly id: string; readonly sent: Promise<unknown> }): Promise<{
    readonly id: string;
  }> {
    try {
      const { id, sent } = call();
      return idOnceSent(id, sent);
    } catch (error) {
      return handled(parts.track(() => Promise.reject(error)));
    }
  }
}

const MAX_SPAWN_DEPTH = 1_000;

function tooDeep(id: string, limit: number): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_SPAWN_TOO_DEEP",
    { id, depth: limit, limit },
    `The job "${id}" has ${limit} ancestors and may spawn no child, since its workflow seems to spawn itself for ever. End the chain, or raise the workflow's maxSpawnDepth.`,
  );
}

function keyOf(what: string, options: CallOptions = {}): string | undefined {
  checkOptions(what, options, ["key"]);
  return options.key;
}

/** The id of what was sent, once it is committed. A plugin need not await it: the attempt waits and knows of a refusal. */
function idOnceSent(id: string, sent: Promise<unknown>): Promise<{ readonly id: string }> {
  return handled(sent.then(() => ({ id })));
}

function logOfJob(log: Logger, { id, workflow_id, attempt }: Job, context: CallContext): Logger {
  return logWith(log, { job_id: id, workflow_id, attempt, ...correlationField(context) });
}
