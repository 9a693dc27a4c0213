import {
  applyMiddleware,
  type CandidateModels,
  createLLM,
  createLLMRouter,
  type LLM,
  type LLMMiddleware,
  type LLMRuntime,
  type RoutedModels,
} from "@atlas/llm";
import type { AroundAttempt, Clock, Logger, RoutePlan, RoutingConfig } from "@atlas/routing";

/** The language models of a gateway. */
export type GatewayLLM = LLM &
  RoutedModels & {
    /**
     * Lists the candidates that a call would ask now, in order, and why it would skip the others. Throws
     * `ATLAS_ROUTING_PROFILE_UNKNOWN`, and a `TypeError` if the gateway got a single runtime as `llm`.
     */
    explainRoute(profile?: string): RoutePlan;
    /** The names of the profiles, the default one first. `default` alone where there is no routing file. */
    readonly profiles: readonly string[];
    /** False if the gateway got a single runtime as `llm`, which has neither profiles nor candidates. */
    readonly hasRouter: boolean;
  };

/** The only profile where no file names any. */
const NO_PROFILE = "default";

/** Creates a router from the configuration, or uses the single runtime that the host passed. */
export function createGatewayLLM(options: {
  readonly routing: RoutingConfig;
  readonly llm: LLMRuntime | undefined;
  readonly providers: Readonly<Record<string, LLMRuntime>> | undefined;
  readonly models?: Readonly<Record<string, CandidateModels>> | undefined;
  readonly middleware: readonly LLMMiddleware[];
  /** Wraps each attempt of a route. Default: nothing does. */
  readonly around?: AroundAttempt<LLMRuntime> | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}): GatewayLLM {
  const { routing, llm, providers, models, middleware, around, env, clock, log } = options;
  if (llm !== undefined) {
    return {
      ...createLLM(applyMiddleware(llm, middleware), { clock }),
      explainRoute: () => needsRouter("explainRoute"),
      profiles: [NO_PROFILE],
      hasRouter: false,
      embeddingModel: () => needsRouter("embeddingModel"),
      imageModel: () => needsRouter("imageModel"),
      speechModel: () => needsRouter("speechModel"),
      transcriptionModel: () => needsRouter("transcriptionModel"),
      rerankingModel: () => needsRouter("rerankingModel"),
    };
  }
  const router = createLLMRouter({ config: routing.llm, providers, models, around, env, clock, log });
  const { deadlineMs, explainRoute } = router;
  const { embeddingModel, imageModel, speechModel, transcriptionModel, rerankingModel } = router;
  return {
    ...createLLM(applyMiddleware(router, middleware), { clock, deadlineMs }),
    explainRoute,
    profiles: profilesOf(routing.llm),
    hasRouter: true,
    embeddingModel,
    imageModel,
    speechModel,
    transcriptionModel,
    rerankingModel,
  };
}

function profilesOf(config: RoutingConfig["llm"]): readonly string[] {
  if (config === undefined) return [NO_PROFILE];
  const { profiles, default_profile } = config;
  const first = default_profile === undefined ? [] : [default_profile];
  return [...new Set([...first, ...Object.keys(profiles)])];
}

function needsRouter(method: string): never {
  throw new TypeError(
    `${method} needs a router, but this gateway got a single runtime as \`llm\`. Pass \`routing\` and \`providers\` instead of \`llm\`.`,
  );
}
