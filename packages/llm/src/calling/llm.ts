import { type Clock, systemClock } from "@atlas/routing";
import type { LLMResult, LLMRuntime } from "../contract/runtime.ts";
import { askedText } from "./asked.ts";
import { generateObject, type ObjectOptions } from "./generate-object.ts";
import { streamOf } from "./stream.ts";

/** What a workflow gets as `ctx.llm`: a runtime with everything derived that its provider left out. */
export type LLM = Required<LLMRuntime> & {
  /**
   * An answer that fits a schema (any Standard Schema, such as one of zod). One that does not fit rejects with
   * `ATLAS_LLM_OBJECT_INVALID`, which carries the text and what it cost.
   */
  generateObject<T>(options: ObjectOptions<T>): Promise<LLMResult & { readonly object: T }>;
};

/**
 * Completes a runtime: one that cannot stream gives its answer as one piece, and objects are made of its text. What is
 * asked is checked before it is passed on.
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
    /** What all attempts of `generateObject` share, in milliseconds. Default: 120,000. */
    readonly deadlineMs?: number;
    readonly clock?: Clock;
  } = {},
): LLM {
  const { deadlineMs = 120_000, clock = systemClock } = options;
  return {
    async generateText(call) {
      askedText(call);
      return runtime.generateText(call);
    },
    streamText(call) {
      askedText(call);
      return streamOf(runtime, call);
    },
    async generateObject(call) {
      askedText(call);
      return generateObject(runtime, call, { deadlineMs: call.deadlineMs ?? deadlineMs, clock });
    },
  };
}
