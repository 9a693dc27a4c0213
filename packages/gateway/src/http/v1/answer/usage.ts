import type { Usage } from "../sdk-types.ts";

/** The tokens of an answer in the words of chat completions; nothing where the service did not count them. */
export function chatUsage({ inputTokens, outputTokens }: Usage) {
  const { total: input, cacheRead } = inputTokens;
  const { total: output, reasoning } = outputTokens;
  if (input === undefined && output === undefined) return undefined;
  return {
    prompt_tokens: input ?? 0,
    completion_tokens: output ?? 0,
    total_tokens: (input ?? 0) + (output ?? 0),
    ...(cacheRead === undefined ? {} : { prompt_tokens_details: { cached_tokens: cacheRead } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

/** The same in the words of responses, whose clients expect every count. */
export function responsesUsage({ inputTokens, outputTokens }: Usage) {
  const { total: input = 0, cacheRead = 0 } = inputTokens;
  const { total: output = 0, reasoning = 0 } = outputTokens;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
