import { LLMError } from "../contract/errors.ts";
import type { LLMResult, LLMUsage } from "../contract/runtime.ts";

/** The end of an answer, in any version of the AI SDK specification. */
export interface Ending {
  readonly finishReason: string | { readonly unified: string; readonly raw?: string | undefined };
  readonly usage: AnyUsage;
}

/** Token counts in any version: plain numbers, or one object for each side. */
interface AnyUsage {
  readonly inputTokens?: unknown;
  readonly outputTokens?: unknown;
  readonly cachedInputTokens?: unknown;
  readonly reasoningTokens?: unknown;
}

/** Returns the result of a complete answer. Throws an `LLMError` for any other. */
export function resultOf(answer: {
  readonly provider: string;
  readonly model: string;
  readonly text: string;
  /** Absent if the answer ended without saying so. */
  readonly end: Ending | undefined;
}): LLMResult {
  const { provider, model, text, end } = answer;
  const usage = usageOf(end?.usage ?? {});
  // A failed answer is charged too.
  const details = { provider, model, ...(Object.keys(usage).length === 0 ? {} : { usage }) };
  const who = `"${provider}" (${model})`;
  const reason = endOf(end);
  // Only an answer that had begun can be cut off.
  if (reason === "cut_off" && text !== "") {
    const message = `${who} broke off: the answer ended without the mark that it is complete.`;
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
      invalid: "the response ended with something other than an answer",
      cut_off: "the response holds no answer",
      length: "it used up its tokens before the answer began",
      stop: "the answer is empty",
    }[reason];
    throw new LLMError("ATLAS_LLM_BAD_RESPONSE", details, `${who} gave no valid answer: ${why}.`);
  }
  return { text, provider, model, usage, finishReason: reason };
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
    // "other" with a raw reason is a regular end that the specification has no word for yet.
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
