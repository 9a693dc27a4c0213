import { type Clock, systemClock } from "@atlas/routing";
import { checkOptions } from "@atlas/routing/internal";
import { modelOf } from "../ai-sdk/to-model.ts";
import { completeResult } from "../contract/complete-result.ts";
import { keepingDeadlines, keepsDeadlines } from "../contract/own-deadline.ts";
import type { LLMOptions, LLMResult, LLMRuntime, LLMStream } from "../contract/runtime.ts";
import { askedText } from "./asked.ts";
import { lateError, withinDeadline } from "./deadline.ts";
import { generateObject, type ObjectOptions } from "./generate-object.ts";
import { createStream, streamOf } from "./stream.ts";

/**
 * A complete runtime, such as `ctx.llm` of a workflow: `createLLM` adds what a provider leaves out. The `languageModel` of a runtime
 * that has none carries text only.
 */
export type LLM = Required<LLMRuntime> & {
  /**
   * Asks for an answer that fits a schema (any Standard Schema, such as one of zod). If the answer does not fit, it rejects
   * with `ATLAS_LLM_OBJECT_INVALID`, whose details hold the text and the tokens that it cost.
   */
  generateObject<T>(options: ObjectOptions<T>): Promise<LLMResult & { readonly object: T }>;
};

/** The provider of a runtime that names none, and that no router named. */
const UNNAMED = "unnamed";

/**
 * Completes a runtime with `streamText`, `generateObject` and `languageModel`. A runtime that cannot stream answers in a
 * single piece; objects are parsed from its text. Each call is checked first: a wrong one throws a `TypeError`. A call whose deadline passes
 * rejects with `ATLAS_LLM_TIMED_OUT`, or with `ATLAS_LLM_TRUNCATED` once text has been streamed, even if the runtime does not
 * follow its signal. A router has its own deadline, and rejects with its own error.
 *
 * @example
 * ```ts
 * const llm = createLLM({ generateText: async () => ({ text: '{"colour":"red"}', provider: "mine" }) });
 * const schema = z.object({ colour: z.string() });
 * const { object } = await llm.generateObject({ prompt: "Name a colour.", schema });
 * assert.equal(object.colour, "red");
 * ```
 */
export function createLLM(
  runtime: LLMRuntime,
  options: {
    /**
     * Time for a call that names none, in milliseconds (default 120,000). `generateObject` shares it between the first answer
     * and its repair. A router's own deadline takes its place for texts and streams.
     */
    readonly deadlineMs?: number;
    readonly clock?: Clock;
  } = {},
): LLM {
  checkOptions("createLLM", options, ["deadlineMs", "clock"]);
  const { deadlineMs = 120_000, clock = systemClock } = options;
  const isBounded = keepsDeadlines(runtime);
  const llm: LLM = {
    async generateText(call) {
      askedText(call);
      return completeResult(await (isBounded ? runtime.generateText(call) : textInTime(call)), UNNAMED);
    },
    streamText(call) {
      askedText(call);
      const { textStream, result } = isBounded ? streamOf(runtime, call) : streamInTime(call);
      const whole = result.then((answer) => completeResult(answer, UNNAMED));
      // Nobody has to await the result: the iteration rejects as well.
      whole.catch(() => undefined);
      return { textStream, result: whole };
    },
    async generateObject(call) {
      askedText(call);
      return generateObject(llm, call, { deadlineMs: call.deadlineMs ?? deadlineMs, clock });
    },
    languageModel: (options = {}) => modelOf(runtime, options),
  };
  return keepingDeadlines(llm);

  function textInTime(call: LLMOptions): Promise<LLMResult> {
    return withinDeadline(call, deadlineOf(call), async (timed) => runtime.generateText(timed));
  }

  function streamInTime(call: LLMOptions): LLMStream {
    return createStream(call.signal, (emit, signal) => {
      let given = "";
      return withinDeadline(
        { ...call, signal },
        deadlineOf(call, () => given),
        async (timed) => {
          const { textStream, result } = streamOf(runtime, timed);
          for await (const piece of textStream) {
            // Nobody waits for a runtime that goes on after it was given up.
            timed.signal?.throwIfAborted();
            given += piece;
            await emit(piece);
          }
          return result;
        },
      );
    });
  }

  function deadlineOf(call: LLMOptions, given = (): string => "") {
    return {
      clock,
      deadlineMs: call.deadlineMs ?? deadlineMs,
      late: (ms: number) => lateError({ provider: UNNAMED, deadlineMs: ms, text: given() }),
    };
  }
}
