import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { AttemptContext, Route, RouteOutcome } from "@atlas/routing";
import type { SupportedUrls } from "../ai-sdk/supported-urls.ts";
import type { LLMRuntime, ModelOptions } from "../contract/runtime.ts";

/** What a routed model needs of its router. */
export interface ModelHost {
  /** Asks one candidate after the other. */
  route<Answer>(
    call: RoutedModelCall,
    ask: (runtime: LLMRuntime, context: AttemptContext) => Promise<Answer>,
  ): Promise<RouteOutcome<Answer>>;
  /**
   * Tells the listener of the call about its route. Throws the error of a call that no candidate answered. `given` is the text
   * that the caller has already seen, if any part of an answer has reached it.
   */
  settle<Answer>(
    call: Pick<RoutedModelCall, "options" | "signal">,
    outcome: RouteOutcome<Answer>,
    given?: string,
  ): Settled<Answer>;
  /** Tells whether this candidate is the mock, in place of a model. */
  standsIn(candidate: string, options: ModelOptions): boolean;
  /** The URLs that every candidate reads itself. */
  supportedUrls(options: ModelOptions): Promise<SupportedUrls>;
}

/** A call of a routed model. */
interface RoutedModelCall {
  readonly options: ModelOptions;
  readonly request: LanguageModelV4CallOptions;
  readonly signal: AbortSignal | undefined;
}

/** An answer with its evidence. */
export interface Settled<Answer> {
  readonly answer: Answer;
  readonly route: Route;
  /** The mock answered in place of a configured model. */
  readonly isStandIn: boolean;
}
