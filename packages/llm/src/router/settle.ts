import type { Clock, Logger, Route, RouteOutcome } from "@atlas/routing";
import type { LLMOptions } from "../contract/runtime.ts";
import { MOCK } from "./candidates.ts";
import type { Settled } from "./model-host.ts";
import { routeError, triedInWords } from "./route-error.ts";

/** What a call says about itself that outlives it. */
export interface SettledCall extends Pick<LLMOptions, "context"> {
  readonly signal?: AbortSignal | undefined;
  readonly onRoute?: LLMOptions["onRoute"] | undefined;
}

/**
 * Creates the end of every call: its listener is told about the route, and an answer of the mock in place of a model is logged.
 * A call that no candidate answered throws its error. `given` is the text that the caller has already seen, if any part of an
 * answer has reached it.
 */
export function createSettle({ clock, log }: { readonly clock: Clock; readonly log: Logger | undefined }) {
  return <Answer>(call: SettledCall, outcome: RouteOutcome<Answer>, given?: string): Settled<Answer> => {
    const { route } = outcome;
    tell(call.onRoute, route);
    if (outcome.status === "failed") {
      // The caller aborted the call, so it gets its own reason back.
      if (outcome.why === "aborted") call.signal?.throwIfAborted();
      throw routeError(outcome, given, clock.now());
    }
    const isStandIn = outcome.candidate === MOCK && route.attempts.length + route.skipped.length > 1;
    if (isStandIn) {
      const { context } = call;
      log?.warn(
        { route, ...(context === undefined ? {} : { context }) },
        `The mock answered in place of a model. ${triedInWords(route)}`,
      );
    }
    return { answer: outcome.answer, route, isStandIn };
  };
}

/** A listener that throws must not cost an answer. */
function tell(listener: LLMOptions["onRoute"] | undefined, route: Route): void {
  try {
    listener?.(route);
  } catch {
    // The listener is the caller's; nobody else can be told.
  }
}
