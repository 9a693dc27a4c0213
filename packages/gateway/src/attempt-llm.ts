import { type Clock, type CommandSink, isoTime, type Job, type Logger } from "@atlas/core";
import { isLLMError, type LLM, type LLMOptions, type LLMResult } from "@atlas/llm";
import type { LLMCall, LLMCommand } from "@atlas/llm/module";
import type { AttemptLLM } from "@atlas/plugins/runtime";
import type { Attempt, Route } from "@atlas/routing";

const LONGEST_TEXT = 1_000;

/**
 * Creates the `ctx.llm` of each attempt of a job. It passes every call on and stores its evidence with the job. Once the
 * mock has answered a job in place of a model, in this attempt or an earlier one, the artifacts of the job have
 * `data.degraded: true`.
 */
export function createAttemptLLM(options: {
  readonly llm: LLM;
  readonly commands: CommandSink<LLMCommand>;
  /** Tells whether the mock has already answered the job in place of a model. */
  readonly hasDegraded: (jobId: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
}): (job: Job) => AttemptLLM | Promise<AttemptLLM> {
  const { llm, commands, hasDegraded, clock, log } = options;

  return (job) => {
    if (job.attempt === 1) return watched(job, false);
    return hasDegraded(job.id).then((degraded) => watched(job, degraded));
  };

  function watched(job: Job, wasDegraded: boolean): AttemptLLM {
    let isDegraded = wasDegraded;
    let calls = 0;

    const watch = <Result extends LLMResult>(
      method: LLMCall["method"],
      { profile, context }: LLMOptions,
      answer: Promise<Result>,
    ): Promise<Result> => {
      calls += 1;
      const number = calls;
      const startedAt = clock.monotonic();
      const keep = (outcome: Pick<LLMCall, "status"> & Partial<LLMCall>, route: Route | undefined): void => {
        const call: LLMCall = {
          job_id: job.id,
          attempt: job.attempt,
          number,
          at: isoTime(clock.now()),
          method,
          degraded: false,
          duration_ms: Math.round(clock.monotonic() - startedAt),
          ...(profile === undefined ? {} : { profile: tidy(profile) }),
          ...(context?.correlation_id === undefined ? {} : { correlation_id: context.correlation_id }),
          ...evidenceOf(route),
          ...outcome,
        };
        record(job, call);
      };
      answer.then(
        (result) => {
          isDegraded ||= result.degraded === true;
          keep({ status: "answered", ...answeredBy(result) }, result.route);
        },
        (error: unknown) => {
          // A wrong call was refused before any model was asked.
          if (error instanceof TypeError) return;
          const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
          keep(
            { status: "failed", ...(typeof code === "string" ? { error_code: tidy(code) } : {}) },
            isLLMError(error) ? error.route : undefined,
          );
        },
      );
      return answer;
    };

    return {
      llm: {
        generateText: (call) => watch("text", call, llm.generateText(call)),
        streamText(call) {
          const stream = llm.streamText(call);
          void watch("stream", call, stream.result).catch(() => undefined);
          return stream;
        },
        generateObject: (call) => watch("object", call, llm.generateObject(call)),
      },
      artifactData: () => (isDegraded ? { degraded: true } : undefined),
    };
  }

  /** Sent before the job can end, so that it is committed before the end of the job. It never fails the attempt. */
  function record(job: Job, call: LLMCall): void {
    const { id, workflow_id, attempt, depth } = job;
    const envelope = {
      actor: `workflow:${workflow_id}#${id}`,
      cause: { kind: "job", id, depth },
      context: { ...job.context, job_id: id, workflow_id, attempt },
    } as const;
    commands
      .enqueue({ type: "llm.call.record", call }, envelope)
      .catch((error: unknown) =>
        log.warn({ error, job: job.id }, "The evidence of a call to a model could not be stored."),
      );
  }
}

function answeredBy({ provider, model, degraded = false, usage = {} }: LLMResult): Partial<LLMCall> {
  const { inputTokens, outputTokens } = usage;
  return {
    provider: tidy(provider),
    degraded,
    ...(model === undefined ? {} : { model: tidy(model) }),
    ...(inputTokens === undefined ? {} : { input_tokens: inputTokens }),
    ...(outputTokens === undefined ? {} : { output_tokens: outputTokens }),
  };
}

function evidenceOf(route: Route | undefined): Partial<LLMCall> & Pick<LLMCall, "tries" | "skipped"> {
  if (route === undefined) return { tries: [], skipped: [] };
  const { profile, candidate, attempts, skipped } = route;
  return {
    profile,
    ...(candidate === undefined ? {} : { candidate }),
    tries: attempts.map(tryOf),
    skipped: [...skipped],
  };
}

function tryOf({
  waitedMs,
  durationMs,
  retryAfterMs,
  message,
  usage,
  ...rest
}: Attempt): LLMCall["tries"][number] {
  return {
    ...rest,
    ...(message === undefined ? {} : { message: tidy(message) }),
    waited_ms: waitedMs,
    duration_ms: durationMs,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    ...(usage === undefined ? {} : { usage: inSnakeCase(usage) }),
  };
}

/** The names of stored data are in snake_case: `inputTokens` becomes `input_tokens`. */
function inSnakeCase(amounts: Readonly<Record<string, number>>): Record<string, number> {
  const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [tidy(snake(name)), amount]));
}

/** Makes a text from outside fit for a record: not too long, and without half a surrogate pair. */
function tidy(text: string): string {
  return Buffer.from(text.slice(0, LONGEST_TEXT), "utf8").toString("utf8");
}
