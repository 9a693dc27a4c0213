import { type Clock, type CommandSink, isoTime, type Job, type Logger } from "@atlas/core";
import type { LLM, LLMOptions, LLMResult } from "@atlas/llm";
import { isWrongCall, type LLMCall, type LLMCommand } from "@atlas/llm/module";
import type { AttemptLLM } from "@atlas/plugins/runtime";
import type { Route } from "@atlas/routing";
import { createAttemptModel } from "./attempt-model.ts";
import { bareEvidence, type CallEnd, type CallFrame, evidenceOf } from "./call-evidence.ts";
import { storeEvidence } from "./store-evidence.ts";

interface Watched {
  readonly onRoute: (route: Route) => void;
  /** Gives the call its number, once it is known that it was made. */
  begin(): void;
  until<Result extends LLMResult>(answer: Promise<Result>): Promise<Result>;
  /** Keeps the evidence of a call that has begun, and has ended now. Only the first end counts. */
  keep(end: Omit<CallEnd, "routes">): void;
}

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

    /** Returns the call to make, and what keeps the evidence of its answer. */
    const watch = (method: LLMCall["method"], call: Omit<LLMOptions, "signal">): Watched => {
      const startedAt = clock.monotonic();
      // An aborted call rejects with the reason of its signal, which has no evidence, so it is collected on the way.
      const routes: Route[] = [];
      const onRoute = (route: Route): void => {
        routes.push(route);
        call.onRoute?.(route);
      };
      const keepAs = (number: number, status: LLMCall["status"], end: Omit<CallEnd, "routes">): void => {
        const isStandIn = end.result?.degraded === true;
        isDegraded ||= isStandIn;
        const frame: CallFrame = {
          job_id: job.id,
          attempt: job.attempt,
          number,
          at: isoTime(clock.now()),
          method,
          status,
          degraded: isStandIn,
          duration_ms: Math.max(0, Math.round(clock.monotonic() - startedAt)),
        };
        record(job, frame, () => evidenceOf(frame, call, { ...end, routes }));
      };
      let number: number | undefined;
      let isKept = false;
      const begin = (): void => {
        calls += 1;
        number = calls;
      };
      const keep: Watched["keep"] = (end) => {
        if (isKept || number === undefined) return;
        isKept = true;
        keepAs(number, end.result === undefined ? "failed" : "answered", end);
      };
      return {
        onRoute,
        begin,
        keep,
        until(answer) {
          begin();
          answer.then(
            (result) => keep({ result }),
            (error: unknown) => {
              if (!isWrongCall(error)) keep({ error });
            },
          );
          return answer;
        },
      };
    };

    return {
      llm: {
        generateText(call) {
          const { onRoute, until } = watch("text", call);
          return until(llm.generateText({ ...call, onRoute }));
        },
        streamText(call) {
          const { onRoute, until } = watch("stream", call);
          const stream = llm.streamText({ ...call, onRoute });
          void until(stream.result).catch(() => undefined);
          return stream;
        },
        generateObject(call) {
          const { onRoute, until } = watch("object", call);
          return until(llm.generateObject({ ...call, onRoute }));
        },
        languageModel: (options = {}) =>
          createAttemptModel(options, {
            llm,
            watch,
            onStandIn() {
              isDegraded = true;
            },
          }),
      },
      artifactData: () => (isDegraded ? { degraded: true } : undefined),
    };
  }

  function record(job: Job, frame: CallFrame, read: () => LLMCall): void {
    storeEvidence(job, {
      what: "a call to a model",
      whole: read,
      bare: () => bareEvidence(frame),
      store: (call, envelope) => commands.enqueue({ type: "llm.call.record", call }, envelope),
      log,
    });
  }
}
