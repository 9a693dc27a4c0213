import {
  applyMiddleware,
  createLLM,
  createLLMRouter,
  type LLM,
  type LLMMiddleware,
  type LLMRuntime,
} from "@atlas/llm";
import type { Clock, Logger, RoutePlan, RoutingConfig } from "@atlas/routing";

/** The language models of a gateway. */
export type GatewayLLM = LLM & {
  /**
   * Who would be asked now, in order, and why not the others. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`, and a `TypeError`
   * where the gateway was given a runtime that does not route.
   */
  explainRoute(profile?: string): RoutePlan;
};

/** Routes by the configuration, or takes the one runtime that the host gave. */
export function createGatewayLLM(options: {
  readonly routing: RoutingConfig;
  readonly llm: LLMRuntime | undefined;
  readonly providers: Readonly<Record<string, LLMRuntime>> | undefined;
  readonly middleware: readonly LLMMiddleware[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}): GatewayLLM {
  const { routing, llm, providers, middleware, env, clock, log } = options;
  if (llm !== undefined) {
    return {
      ...createLLM(applyMiddleware(llm, middleware), { clock }),
      explainRoute() {
        throw new TypeError("This gateway was given one runtime as `llm`: it has no routes to explain.");
      },
    };
  }
  const router = createLLMRouter({ config: routing.llm, providers, env, clock, log });
  const { deadlineMs, explainRoute } = router;
  return { ...createLLM(applyMiddleware(router, middleware), { clock, deadlineMs }), explainRoute };
}
