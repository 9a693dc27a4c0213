/** Token counts of a task, as the agent reported them. They have the names of a model's usage. */
export interface HarnessUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The part of `inputTokens` that came from a cache. */
  readonly cachedInputTokens?: number;
  /** The part of `outputTokens` that was spent on reasoning. */
  readonly reasoningTokens?: number;
}

/** What a task cost, as the agent reported it. */
export interface HarnessCost {
  /** Millionths of a US dollar. */
  readonly amountMicrousd: number;
}
