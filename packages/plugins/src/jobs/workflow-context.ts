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
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import { correlationField, logWith } from "../calling/call-context.ts";
import { handled } from "../calling/handled.ts";
import type { PluginCommands } from "../contract/context.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { PluginServices } from "../contract/service.ts";
import type { JobProgress, WorkflowContext, WorkflowPlugin } from "../contract/workflow.ts";
import { runtimeOfAttempt } from "./attempt-runtime.ts";
import { readJobInput } from "./job-input.ts";
import type { Steps } from "./steps.ts";
import type { AttemptWaits } from "./waits/attempt-waits.ts";

/** What the context of one attempt is made of. */
export interface WorkflowContextParts {
  readonly job: Job;
  /** Which attempt it is for the plugin: waits and interruptions are not counted. */
  readonly attempt: number;
  readonly workflow: WorkflowPlugin;
  readonly registry: PluginRegistry;
  readonly repo: ReadOnlyRepo;
  readonly clock: Clock;
  readonly log: Logger;
  readonly services: PluginServices;
  readonly llm: LLM;
  /** What an artifact must say about the answers that it may be made of. */
  readonly artifactData: () => JsonObject | undefined;
  readonly harness: HarnessRuntime | undefined;
  readonly commands: PluginCommands<Command>;
  /** Whom and what the attempt works for. */
  readonly context: CallContext;
  readonly signal: () => AbortSignal;
  /** Throws when the attempt is over. */
  readonly refuse: () => void;
  /** Keeps the attempt from being parked meanwhile. */
  readonly during: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Makes the attempt wait for this too before it is over. */
  readonly track: <Result>(send: () => Promise<Result>) => Promise<Result>;
  readonly steps: Steps;
  readonly waits: AttemptWaits;
  readonly progress: (progress: JobProgress) => void;
}

/** The context of one attempt. What few plugins use is made when it is first asked for. */
export function createWorkflowContext(parts: WorkflowContextParts): WorkflowContext {
  const { job, workflow, registry, repo, commands, refuse, steps } = parts;
  let artifacts = 0;
  let jobs = 0;
  let log: Logger | undefined;
  let llm: LLM | undefined;
  let harness: HarnessRuntime | undefined;
  const ofAttempt = <Runtime extends object>(runtime: Runtime): Runtime =>
    runtimeOfAttempt(runtime, {
      signal: parts.signal(),
      context: parts.context,
      refuse,
      during: parts.during,
    });

  const context: WorkflowContext = {
    repo,
    commands,
    clock: parts.clock,
    services: parts.services,
    context: parts.context,
    attempt: parts.attempt,
    get log() {
      log ??= logOfJob(parts.log, job, parts.context);
      return log;
    },
    get signal() {
      return parts.signal();
    },
    get llm() {
      llm ??= ofAttempt(parts.llm);
      return llm;
    },
    emitArtifact(artifact: NewArtifact) {
      artifacts += 1;
      const id = artifact.id ?? `${job.id}:artifact:${artifacts}`;
      return idOnceSent(
        id,
        commands.enqueue({
          type: "artifact.create",
          artifact: { job_id: job.id, ...artifact, ...evidence(artifact), id },
        }),
      );
    },
    spawnJob(child: NewJob) {
      jobs += 1;
      const id = child.id ?? `${job.id}:job:${jobs}`;
      return idOnceSent(id, spawn({ parent_id: job.id, ...child, id }));
    },
    findArtifacts: repo.findArtifacts,
    step: steps.step,
    sleep: parts.waits.sleep,
    wait: parts.waits.wait,
    waitForEvent: parts.waits.waitForEvent,
    waitForJobs: parts.waits.waitForJobs,
    // It may be called by a timer, where anything thrown ends the process. What is wrong with it fails the attempt.
    progress: (progress) => void handled(parts.track(async () => parts.progress(progress))),
  };
  const given = parts.harness;
  const wanted = workflow.capabilities === undefined || workflow.capabilities.includes("harness");
  if (given === undefined || !wanted) return context;
  return Object.defineProperty(context, "harness", {
    enumerable: true,
    get() {
      harness ??= ofAttempt(given);
      return harness;
    },
  });

  function evidence({ data }: NewArtifact): Pick<NewArtifact, "data"> {
    const said = parts.artifactData();
    return said === undefined ? {} : { data: { ...data, ...said } };
  }

  function spawn(child: NewJob): Promise<unknown> {
    const create = (): Promise<unknown> => commands.enqueue({ type: "job.create", job: child });
    const schema = registry.workflows.get(child.workflow_id);
    if (schema?.input === undefined) return create();
    // Refused by the store where the schema answers at once; where it answers later, it is asked here.
    return parts.track(async () => {
      await readJobInput(schema, child.input ?? {});
      return create();
    });
  }
}

/** The id of what was sent, once it is committed. A plugin need not await it: the attempt waits and knows of a refusal. */
function idOnceSent(id: string, sent: Promise<unknown>): Promise<{ readonly id: string }> {
  return handled(sent.then(() => ({ id })));
}

function logOfJob(log: Logger, { id, workflow_id, attempt }: Job, context: CallContext): Logger {
  return logWith(log, { job: id, workflow: workflow_id, attempt, ...correlationField(context) });
}
