import { type Clock, systemClock } from "@atlas/routing";
import { checkOptions } from "@atlas/routing/internal";
import { modelOf } from "../ai-sdk/to-model.ts";
import { completeResult } from "../contract/complete-result.ts";
import type { LLMResult, LLMRuntime } from "../contract/runtime.ts";
import { askedText } from "./asked.ts";
import { generateObject, type ObjectOptions } from "./generate-object.ts";
import { streamOf } from "./stream.ts";

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
 * Completes a runtime with `streamText`, `generateObject` and `languageModel`. A runtime that cannot stream answers in a single piece;
 * objects are parsed from its text. Each call is checked first: a wrong one throws a `TypeError`.
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
    /** Time for one `generateObject`, shared by the first answer and its repair, in milliseconds. Default: 120,000. */
    readonly deadlineMs?: number;
    readonly clock?: Clock;
  } = {},
): LLM {
  checkOptions("createLLM", options, ["deadlineMs", "clock"]);
  const { deadlineMs = 120_000, clock = systemClock } = options;
  const complete: LLMRuntime = {
    generateText: async (call) => completeResult(await runtime.generateText(call), UNNAMED),
  };
  return {
    async generateText(call) {
      askedText(call);
      return complete.generateText(call);
    },
    streamText(call) {
      askedText(call);
      const { textStream, result } = streamOf(runtime, call);
      const whole = result.then((answer) => completeResult(answer, UNNAMED));
      // Nobody has to await the result: the iteration rejects as well.
      whole.catch(() => undefined);
      return { textStream, result: whole };
    },
    async generateObject(call) {
      askedText(call);
      return generateObject(complete, call, { deadlineMs: call.deadlineMs ?? deadlineMs, clock });
    },
    languageModel: (options = {}) => modelOf(runtime, options),
  };
}
