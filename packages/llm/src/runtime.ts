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
  /** Which of the configured profiles to use, such as `fast`, `balanced` or `quality`. */
  readonly profile?: string;
  /** A model by name, where the provider knows several. */
  readonly model?: string;
  readonly temperature?: number;
  /** The most tokens to answer with. */
  readonly maxTokens?: number;
  /** Ends the call early; it then rejects. */
  readonly signal?: AbortSignal;
}

/** Tokens as the provider counted them. */
export interface LLMUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

/** A complete answer, and who gave it. */
export interface LLMResult {
  readonly text: string;
  /** Who really answered, such as `openai` or `mock`. */
  readonly provider: string;
  readonly model?: string;
  readonly usage?: LLMUsage;
}

/**
 * Asks a language model. An object with only `generateText` is a full provider. It resolves with a complete answer and
 * throws otherwise.
 */
export interface LLMRuntime {
  generateText(options: LLMOptions): Promise<LLMResult>;
}
