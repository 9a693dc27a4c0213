import type { Command, CommandSink, Job, JsonValue, ReadOnlyRepo } from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import { readFailure } from "../calling/failure.ts";
import { handled } from "../calling/handled.ts";
import { observed } from "../calling/observer.ts";
import type { PluginHost } from "../calling/plugin-host.ts";
import { isAttemptOver } from "../contract/attempt-over.ts";
import { PluginError } from "../contract/errors.ts";
import { type RetryPolicy, retryDelayMs } from "../contract/retry.ts";
import type { StepOptions, WorkflowContext } from "../contract/workflow-context.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { checkedResult } from "./json-result.ts";
import type { StepTries } from "./step-tries.ts";
import { checkWaitName } from "./waits/wait-name.ts";

/** The steps of one attempt. */
export type Steps = Pick<WorkflowContext, "step"> & {
  /** True when this attempt kept something for the next. */
  readonly used: boolean;
};

const DEFAULT_ATTEMPTS = 3;

/** The steps of one attempt. */
export function createSteps(options: {
  readonly job: Pick<Job, "id" | "attempt">;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly host: Pick<PluginHost, "clock" | "observer">;
  readonly random: () => number;
  readonly signal: () => AbortSignal;
  /** Throws when the attempt is over. */
  readonly refuse: () => void;
  /** Keeps the attempt from being parked meanwhile. */
  readonly during: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly tries: StepTries;
}): Steps {
  const { job, repo, commands, host, random, signal, refuse, during, tries } = options;
  const names = new Set<string>();
  let results: Promise<ReadonlyMap<string, JsonValue | undefined>> | undefined;
  let used = false;

  return {
    get used() {
      return used;
    },
    step<Result>(
      name: string,
      given: StepOptions | (() => Result | Promise<Result>),
      then?: () => Result | Promise<Result>,
    ): Promise<Result> {
      const done = during(async () => {
        refuse();
        const { work, retry } = readArguments(name, given, then);
        claimName(name);
        const known = await finished();
        // The same code kept it, as the result of the same `work`.
        if (known.has(name)) return known.get(name) as Result;
        refuse();
        const result = await observed(
          host,
          () => ({ kind: "step", name, job_id: job.id, attempt: job.attempt }),
          () => withRetry(retry, () => tries.run(name, work)),
        );
        await keep(name, checkedResult(result, { step: name }));
        // The host's `admit` may have changed it, and a later attempt sees nothing else.
        return (await repo.plugins.getJobStep(job.id, name))?.result as Result;
      });
      return handled(done);
    },
  };

  async function withRetry<Result>(
    retry: RetryPolicy | undefined,
    work: () => Result | Promise<Result>,
  ): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        if (retry === undefined || failures >= (retry.maxAttempts ?? DEFAULT_ATTEMPTS)) throw error;
        if (isAttemptOver(error) || !readFailure(error).retryable) throw error;
        await pause(
          Math.max(
            readFailure(error).retryAfterMs ?? 0,
            retryDelayMs(failures, { policy: retry, random: random() }),
          ),
        );
        refuse();
      }
    }
  }

  function pause(delayMs: number): Promise<void> {
    const over = signal();
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        cancel();
        reject(over.reason);
      };
      const cancel = host.clock.after(delayMs, () => {
        over.removeEventListener("abort", stop);
        resolve();
      });
      if (over.aborted) stop();
      else over.addEventListener("abort", stop, { once: true });
    });
  }

  function claimName(name: string): void {
    checkWaitName("ctx.step", name);
    if (names.has(name)) {
      throw new PluginError(
        "ATLAS_PLUGINS_STEP_REUSED",
        { name },
        `The step "${name}" was already used in this attempt. The name is the key of the result: give each step its own, such as "page-1", "page-2".`,
      );
    }
    names.add(name);
  }

  function finished(): Promise<ReadonlyMap<string, JsonValue | undefined>> {
    results ??= repo.plugins
      .listJobSteps(job.id)
      .then((steps) => new Map(steps.map(({ name, result }) => [name, result])));
    return results;
  }

  async function keep(name: string, result: JsonValue | undefined): Promise<void> {
    used = true;
    await commands.enqueue({
      type: "plugins.job.step",
      job_id: job.id,
      name,
      attempt: job.attempt,
      ...(result === undefined ? {} : { result }),
    });
  }
}

function readArguments<Result>(
  name: string,
  given: StepOptions | (() => Result | Promise<Result>),
  then: (() => Result | Promise<Result>) | undefined,
): { readonly work: () => Result | Promise<Result>; readonly retry?: RetryPolicy | undefined } {
  if (typeof given === "function") return { work: given };
  const what = `ctx.step("${name}")`;
  checkOptions(what, given, ["retry"]);
  if (typeof then !== "function")
    throw new TypeError(`${what} takes a function: ctx.step(name, work) or ctx.step(name, { retry }, work).`);
  if (given.retry !== undefined)
    checkOptions(`${what}: retry`, given.retry, ["maxAttempts", "firstDelayMs", "maxDelayMs"]);
  return { work: then, retry: given.retry };
}
