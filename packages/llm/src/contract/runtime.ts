import type { Route } from "@atlas/routing";
import type { InjectedInstruction } from "./injected.ts";

/** One message of a conversation. */
export interface LLMMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** What a model is asked. Either `prompt` or `messages` says it. */
export interface LLMOptions {
  /** Instructions from the workflow itself. Text from the outside world belongs into `prompt`, never here. */
  readonly system?: string;
  readonly prompt?: string;
  readonly messages?: readonly LLMMessage[];
  /** Which of the configured profiles to use, such as `fast`, `balanced` or `quality`. Default: the default profile. */
  readonly profile?: string;
  /** A model by name, for providers that know several; each candidate of a profile is asked for this one. */
  readonly model?: string;
  readonly temperature?: number;
  /** The most tokens to answer with. */
  readonly maxTokens?: number;
  /** What the call is about; instructions may be chosen by it. */
  readonly tags?: readonly string[];
  /** Names of skills whose instructions the call needs. */
  readonly skills?: readonly string[];
  /** Asks for JSON instead of prose; a provider that cannot may ignore it. `generateObject` sets it. */
  readonly json?: JsonRequest;
  /** The most time for the whole call, in milliseconds; a router never takes more than it is configured for. */
  readonly deadlineMs?: number;
  /** Ends the call early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A wish for an answer in JSON. */
export interface JsonRequest {
  /** A JSON Schema for the answer, where one is known. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** Tokens as the provider counted them. */
export interface LLMUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The part of `inputTokens` that the provider had kept. */
  readonly cachedInputTokens?: number;
  /** The part of `outputTokens` that was thought and not said. */
  readonly reasoningTokens?: number;
}

/** A complete answer, and who gave it. */
export interface LLMResult {
  readonly text: string;
  /** Who really answered, such as `openai` or `mock`. */
  readonly provider: string;
  readonly model?: string;
  readonly usage?: LLMUsage;
  /** `length` where the answer ends because `maxTokens` or the model's own limit was reached. */
  readonly finishReason?: "stop" | "length";
  /** Who was tried, in order, and what came of it; present where a router chose. */
  readonly route?: Route;
  /** The mock answered in place of a configured model, because `fallback` lists it. Never make a decision of such a text. */
  readonly degraded?: boolean;
  /** What `withInstructions` put before `system`, in the order of the text. */
  readonly instructions?: readonly InjectedInstruction[];
  /** The answer was recorded earlier: `withRecorder` read it from its file, and no model was asked. */
  readonly replayed?: true;
}

/**
 * An answer while it is being given. `result` rejects with what went wrong, and so does reading `textStream`; a `result`
 * that nobody awaits is no unhandled rejection. Ending the iteration early ends the call.
 */
export interface LLMStream {
  /** The text in pieces; together they are `result`'s text. It can be read once. */
  readonly textStream: AsyncIterable<string>;
  /** The complete answer, after the last piece. */
  readonly result: Promise<LLMResult>;
}

/**
 * Asks a language model. An object with only `generateText` is a full provider. It resolves with a complete answer and
 * throws otherwise.
 */
export interface LLMRuntime {
  generateText(options: LLMOptions): Promise<LLMResult>;
  streamText?(options: LLMOptions): LLMStream;
}
