import { LLMError } from "../contract/errors.ts";
import type { LLMResult, LLMUsage } from "../contract/runtime.ts";

/** How any version of the specification says that an answer has ended. */
export interface Ending {
  readonly finishReason: string | { readonly unified: string; readonly raw?: string | undefined };
  readonly usage: AnyUsage;
}

/** Token counts of any version: plain figures, or one object for each side. */
interface AnyUsage {
  readonly inputTokens?: unknown;
  readonly outputTokens?: unknown;
  readonly cachedInputTokens?: unknown;
  readonly reasoningTokens?: unknown;
}

/** The result of an answer that is complete; throws for any other. */
export function resultOf(answer: {
  readonly provider: string;
  readonly model: string;
  readonly text: string;
  /** Absent where the answer ended without a word. */
  readonly end: Ending | undefined;
}): LLMResult {
  const { provider, model, text, end } = answer;
  const details = { provider, model };
  const who = `"${provider}" (${model})`;
  const reason = endOf(end);
  // Where nothing came that was an answer, there is none that could be cut off.
  if (reason === "cut_off" && text !== "") {
    const message = `${who} broke off: its answer ended without saying that it is complete.`;
    throw new LLMError("ATLAS_LLM_TRUNCATED", { ...details, text }, message);
  }
  if (reason === "filtered") {
    throw new LLMError(
      "ATLAS_LLM_REJECTED",
      { ...details, providerCode: "content-filter" },
      `${who} rejected the request: its content filter stopped the answer.`,
    );
  }
  if (reason === "invalid" || reason === "cut_off" || text === "") {
    const why = {
      invalid: "it did not end as an answer ends",
      cut_off: "it holds nothing that is an answer",
      length: "it used up its tokens before it said anything",
      stop: "the answer is empty",
    }[reason];
    throw new LLMError("ATLAS_LLM_BAD_RESPONSE", details, `${who} gave no valid answer: ${why}.`);
  }
  return { text, provider, model, usage: usageOf(end?.usage ?? {}), finishReason: reason };
}

function endOf(end: Ending | undefined): "stop" | "length" | "filtered" | "invalid" | "cut_off" {
  const given = end?.finishReason;
  const [unified, raw] = typeof given === "object" ? [given.unified, given.raw] : [given, undefined];
  switch (unified) {
    case "stop":
    case "length":
      return unified;
    case "content-filter":
      return "filtered";
    case "tool-calls":
    case "error":
      return "invalid";
    // "other" with a reason is an end for which there is no common word yet.
    case "other":
      return raw === undefined ? "cut_off" : "stop";
    default:
      return "cut_off";
  }
}

function usageOf({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: AnyUsage): LLMUsage {
  const input = sidesOf(inputTokens);
  const output = sidesOf(outputTokens);
  const figures: Readonly<Record<keyof LLMUsage, unknown>> = {
    inputTokens: input.total,
    outputTokens: output.total,
    cachedInputTokens: input.cacheRead ?? cachedInputTokens,
    reasoningTokens: output.reasoning ?? reasoningTokens,
  };
  return Object.fromEntries(Object.entries(figures).filter(([, figure]) => isCount(figure)));
}

function sidesOf(figure: unknown): { total?: unknown; cacheRead?: unknown; reasoning?: unknown } {
  return typeof figure === "object" && figure !== null ? figure : { total: figure };
}

function isCount(figure: unknown): boolean {
  return typeof figure === "number" && Number.isFinite(figure) && figure >= 0;
}
