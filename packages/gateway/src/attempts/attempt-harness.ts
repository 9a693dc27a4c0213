import { type Clock, type CommandSink, isoTime, type Job, type Logger } from "@atlas/core";
import type { HarnessEvent, HarnessResult, HarnessRuntime, HarnessTask } from "@atlas/harness";
import type { HarnessModuleCommand, HarnessRunRecord } from "@atlas/harness/module";
import type { AttemptHarness, HarnessOfAttempt } from "@atlas/plugins/runtime";
import type { Route } from "@atlas/routing";
import { bareRunEvidence, type RunEnd, type RunFrame, runEvidenceOf } from "./run-evidence.ts";
import { storeEvidence } from "./store-evidence.ts";

/**
 * Creates the `ctx.harness` of each attempt of a job. It passes every task on, stores its evidence with the job, and reports what the
 * agent says as the progress of the job. Once `noop` has stood in for an agent, in this attempt or an earlier one, the artifacts of the
 * job have `data.degraded: true`.
 */
export function createAttemptHarness(options: {
  readonly harness: HarnessRuntime;
  readonly commands: CommandSink<HarnessModuleCommand>;
  /** Tells whether `noop` has already stood in for an agent in the job. */
  readonly hasDegraded: (jobId: string) => Promise<boolean>;
  /** Keeps the goals of tasks with their evidence. */
  readonly keepGoals: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}): HarnessOfAttempt {
  const { harness, commands, hasDegraded, keepGoals, clock, log } = options;

  return (job, say) => {
    if (job.attempt === 1) return watched(job, say, false);
    return hasDegraded(job.id).then((degraded) => watched(job, say, degraded));
  };

  function watched(job: Job, say: (message: string) => void, wasDegraded: boolean): AttemptHarness {
    let isDegraded = wasDegraded;
    let tasks = 0;

    const runTask = async (task: HarnessTask): Promise<HarnessResult> => {
      const startedAt = clock.monotonic();
      tasks += 1;
      const number = tasks;
      // An aborted task rejects with the reason of its signal, which has no evidence, so it is collected on the way.
      const routes: Route[] = [];
      const keep = (status: HarnessRunRecord["status"], end: Omit<RunEnd, "routes">): void => {
        const isStandIn = end.result?.degraded === true;
        isDegraded ||= isStandIn;
        const frame: RunFrame = {
          job_id: job.id,
          attempt: job.attempt,
          number,
          at: isoTime(clock.now()),
          mode: task.mode ?? "propose",
          status,
          degraded: isStandIn,
          duration_ms: Math.max(0, Math.round(clock.monotonic() - startedAt)),
        };
        storeEvidence(job, {
          what: "a task for an agent",
          whole: () => runEvidenceOf(frame, task, { ...end, routes }, { keepGoal: keepGoals }),
          bare: () => bareRunEvidence(frame),
          store: (run, envelope) => commands.enqueue({ type: "harness.run.record", run }, envelope),
          log,
        });
      };
      try {
        const result = await harness.runTask({
          ...task,
          onRoute(route) {
            routes.push(route);
            task.onRoute?.(route);
          },
          onEvent(event) {
            const message = messageOf(event);
            if (message !== undefined) say(message);
            task.onEvent?.(event);
          },
        });
        keep("answered", { result });
        return result;
      } catch (error) {
        // A wrong call asked nobody.
        if (!(error instanceof TypeError)) keep("failed", { error });
        throw error;
      }
    };

    return {
      harness: { runTask },
      artifactData: () => (isDegraded ? { degraded: true } : undefined),
    };
  }
}

/** An event in one line; nothing for what comes too often to be read. */
function messageOf(event: HarnessEvent): string | undefined {
  const { harness } = event;
  switch (event.type) {
    case "state":
      return `${harness}: ${event.state}`;
    case "message":
      return `${harness}: ${firstLine(event.text)}`;
    case "tool_call":
      return event.status === "completed"
        ? undefined
        : `${harness}: ${event.name}${event.status === "started" ? "" : ` ${event.status}`}${event.detail === undefined ? "" : ` ${firstLine(event.detail)}`}`;
    case "file_change":
      return `${harness}: ${event.change} ${event.path}`;
    case "output":
    case "usage":
      return undefined;
    default:
      return event satisfies never;
  }
}

function firstLine(text: string): string {
  return text.trimStart().split("\n", 1)[0] ?? "";
}
