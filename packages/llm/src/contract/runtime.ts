import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { CallContext, Route } from "@atlas/routing";
import type { InjectedInstruction } from "./injected.ts";

/** One message of a conversation. */
export interface LLMMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** A call to a model. Set either `prompt` or `messages`. */
export interface LLMOptions {
  /** Trusted instructions, written by you. Put text from outside into `prompt` instead: it could hold instructions of its own. */
  readonly system?: string;
  readonly prompt?: string;
  readonly messages?: readonly LLMMessage[];
  /** The profile of the routing file, such as `fast`, `balanced` or `quality`. Default: the default profile. */
  readonly profile?: string;
  /**
   * Candidates that a router asks after all others, in place of the `fallback` of the routing file. A name that it does not know
   * is a `TypeError`. Default: the `fallback` of the routing file.
   */
  readonly fallback?: readonly string[];
  /** The name of a model, for providers that offer several. Every candidate of the profile is asked for this model. */
  readonly model?: string;
  readonly temperature?: number;
  /** The maximum number of tokens of the answer. Default: the limit of the model. */
  readonly maxTokens?: number;
  /** The subjects of the call. `withInstructions` adds skills that share a tag. */
  readonly tags?: readonly string[];
  /** The names of skills that the call needs. */
  readonly skills?: readonly string[];
  /** Asks for JSON instead of prose. A provider without that feature may ignore it. `generateObject` sets it. */
  readonly json?: JsonRequest;
  /**
   * Time for the whole call, in milliseconds. It can shorten the deadline of a router, but not extend it. Default: the deadline
   * of the router, or of `createLLM`.
   */
  readonly deadlineMs?: number;
  /** Asks the model even if a cache has an answer, and lets the new answer replace that one. Default: false. */
  readonly fresh?: boolean;
  /** Ends the call early. The call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Receives the evidence of the call from each router that it went through, when the call ends there: also when it was
   * aborted and rejects with the signal's reason, which has no `route`. `generateObject` with `repair` may call it twice. What it
   * throws is ignored. Default: nothing is called.
   */
  readonly onRoute?: (route: Route) => void;
  /**
   * Who and what the call belongs to, for logs, traces and evidence. It is never sent to a provider, and calls that differ only
   * in it are the same call for a recorder.
   */
  readonly context?: CallContext;
}

/** What the AI SDK has no place for in a call: it is said once, for every call of a model. */
export type ModelOptions = Pick<
  LLMOptions,
  "profile" | "fallback" | "model" | "tags" | "skills" | "deadlineMs" | "onRoute" | "context"
>;

/** A request for an answer in JSON. */
export interface JsonRequest {
  /** The JSON Schema of the answer, if there is one. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /**
   * The same schema for the strict mode of services, whose answers differ: what is optional is `null`, and a value that is no
   * object stands as `value` in one. `generateObject` sets it and undoes both. Default: services get `schema`, and strict mode
   * only if it is closed.
   */
  readonly strictSchema?: Readonly<Record<string, unknown>>;
}

/** Token counts of a call, as the provider reported them. */
export interface LLMUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The part of `inputTokens` that came from the provider's cache. */
  readonly cachedInputTokens?: number;
  /** The part of `outputTokens` that the model spent on reasoning. */
  readonly reasoningTokens?: number;
}

/** A complete answer, and the provider that gave it. */
export interface LLMResult {
  readonly text: string;
  /** The provider that answered, such as `openai` or `mock`. */
  readonly provider: string;
  readonly model?: string;
  readonly usage?: LLMUsage;
  /** `length` if the answer ended at `maxTokens` or at the model's own limit; otherwise `stop`. */
  readonly finishReason?: "stop" | "length";
  /** Which candidates were asked, in order, and how each attempt ended. Present where a router chose. */
  readonly route?: Route;
  /** True if the mock answered in place of a configured model, because the configuration lists it. Do not act on such a text. */
  readonly degraded?: boolean;
  /**
   * The kinds of content that came with the text and that a result has no place for, such as `tool-call`, `file` or `source`.
   * Ask the `languageModel` of the runtime for those. Reasoning is not listed.
   */
  readonly omitted?: readonly string[];
  /** What `withInstructions` added before `system`, in the order of the text. */
  readonly instructions?: readonly InjectedInstruction[];
  /** True if `withRecorder` read the answer from its file and asked no model. */
  readonly replayed?: true;
  /** True if `withCache` gave the answer of an earlier call and asked no model. It cost nothing, so `usage` counts 0 tokens. */
  readonly cached?: true;
}

/**
 * An answer that arrives in pieces. On a failure, both `result` and the iteration of `textStream` reject with the same
 * error; you need not await `result`. Leaving the iteration early ends the call.
 */
export interface LLMStream {
  /** The pieces of the text. Joined, they are the text of `result`. It can be iterated once. */
  readonly textStream: AsyncIterable<string>;
  /** The complete answer, after the last piece. */
  readonly result: Promise<LLMResult>;
}

/**
 * A language model, or anything that answers like one. An object with only `generateText` is a complete provider. Each
 * method resolves with a complete answer or rejects.
 */
export interface LLMRuntime {
  generateText(options: LLMOptions): Promise<LLMResult>;
  streamText?(options: LLMOptions): LLMStream;
  /**
   * Returns a model for the AI SDK, which takes everything that a call there can have: tools, files, provider options. It must
   * not wait, so load a package in the calls of the model. A runtime without this method carries text only: a router passes on
   * plain calls as text, and asks another candidate for the rest.
   */
  languageModel?(options?: ModelOptions): LanguageModelV4;
}
