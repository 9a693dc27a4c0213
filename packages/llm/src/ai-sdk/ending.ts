import { LLMError } from "../contract/errors.ts";
import type { LLMResult, LLMUsage } from "../contract/runtime.ts";
import { knownUsage } from "../contract/usage.ts";
import { finishedAs } from "./finish-reason.ts";

/** The end of an answer, in any version of the AI SDK specification. */
export interface Ending {
  readonly finishReason: string | { readonly unified: string; readonly raw?: string | undefined };
  readonly usage: AnyUsage;
}

/** Token counts in any version: plain numbers, or one object for each side. */
export interface AnyUsage {
  readonly inputTokens?: unknown;
  readonly outputTokens?: unknown;
  readonly cachedInputTokens?: unknown;
  readonly reasoningTokens?: unknown;
}

/** An answer at its end. */
export interface Ended {
  readonly provider: string;
  readonly model: string;
  readonly text: string;
  /** Absent if the answer ended without saying so. */
  readonly end: Ending | undefined;
  /** The kinds of all parts of the answer. */
  readonly kinds?: Iterable<string>;
}

/** Returns the result of a complete answer. Throws an `LLMError` for any other. */
export function resultOf(answer: Ended): LLMResult {
  const { text, provider, model, kinds = [] } = answer;
  const omitted = [...new Set(kinds)].filter((kind) => isOmitted(kind));
  const { finishReason, usage } = completeEnd(answer, { hasContent: text !== "", mayCallTools: false });
  const result = { text, provider, model, usage: usage ?? {}, finishReason };
  return omitted.length === 0 ? result : { ...result, omitted };
}

/** What a text has no place for. The other parts of a stream are about its text or its tools. */
function isOmitted(kind: string): boolean {
  return ["tool-call", "tool-result", "tool-approval-request", "file", "source", "custom"].includes(kind);
}

/** Returns how a complete answer ended, and what it cost. Throws an `LLMError` for any other. */
export function completeEnd(
  { provider, model, text, end }: Ended,
  {
    hasContent,
    mayCallTools,
  }: {
    /** There is a text, or anything else that a model can answer with. */
    readonly hasContent: boolean;
    /** Calls of tools are an answer. */
    readonly mayCallTools: boolean;
  },
): { readonly finishReason: "stop" | "length"; readonly usage: LLMUsage | undefined } {
  const usage = usageOf(end?.usage);
  // A failed answer is charged too.
  const details = { provider, model, ...(usage === undefined ? {} : { usage }) };
  const who = `"${provider}" (${model})`;
  const finished = finishedAs(end?.finishReason);
  const reason = finished === "tool_calls" ? (mayCallTools ? "stop" : "invalid") : finished;
  // Only an answer that had begun can be cut off.
  if (reason === "cut_off" && hasContent) {
    const message = `${who} broke off: the answer ended without the mark that it is complete.`;
    throw new LLMError("ATLAS_LLM_TRUNCATED", { ...details, text }, message);
  }
  if (reason === "filtered") {
    throw new LLMError(
      "ATLAS_LLM_REJECTED",
      { ...details, providerCode: "content-filter", ...(text === "" ? {} : { text }) },
      `${who} rejected the request: its content filter stopped the answer.`,
    );
  }
  if (reason === "invalid" || reason === "cut_off" || !hasContent) {
    const why = {
      invalid: "the response ended with something other than an answer",
      cut_off: "the response holds no answer",
      length: "it used up its tokens before the answer began",
      stop: "the answer is empty",
    }[reason];
    throw new LLMError("ATLAS_LLM_BAD_RESPONSE", details, `${who} gave no valid answer: ${why}.`);
  }
  return { finishReason: reason, usage };
}

/** The tokens that an answer cost, whichever version of the specification counted them. */
export function usageOf({
  inputTokens,
  outputTokens,
  cachedInputTokens,
  reasoningTokens,
}: AnyUsage = {}): LLMUsage | undefined {
  const input = sidesOf(inputTokens);
  const output = sidesOf(outputTokens);
  return knownUsage({
    inputTokens: input.total,
    outputTokens: output.total,
    cachedInputTokens: input.cacheRead ?? cachedInputTokens,
    reasoningTokens: output.reasoning ?? reasoningTokens,
  });
}

function sidesOf(figure: unknown): { total?: unknown; cacheRead?: unknown; reasoning?: unknown } {
  return typeof figure === "object" && figure !== null ? figure : { total: figure };
}
