import type { LanguageModelV4 } from "@ai-sdk/provider";
import {
  type AroundAttempt,
  type Clock,
  createRouter,
  defaultPolicy,
  type LLMRoutingConfig,
  type Logger,
  type Profiles,
  type RoutePlan,
  type RoutingPolicy,
  systemClock,
} from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import { toLLMError } from "../ai-sdk/failures/to-llm-error.ts";
import { createStream, streamOf } from "../calling/stream.ts";
import { completeResult } from "../contract/complete-result.ts";
import { failureOf } from "../contract/failure-kind.ts";
import { joinAround } from "../contract/middleware.ts";
import { keepingDeadlines } from "../contract/own-deadline.ts";
import type { LLMOptions, LLMResult, LLMRuntime, ModelOptions } from "../contract/runtime.ts";
import { createKindRouter } from "../models/kind-router.ts";
import type { CandidateModels } from "../models/own-models.ts";
import { createRoutedModels, type RoutedModels } from "../models/routed-models.ts";
import { candidatesFor, MOCK } from "./candidates.ts";
import { configuredPolicy } from "./configured-policy.ts";
import { estimatedPromptTokens, estimatedTokens } from "./estimated-tokens.ts";
import type { Settled } from "./model-host.ts";
import { rejectionOf } from "./rejection.ts";
import { routableUrls } from "./routable-urls.ts";
import { createRoutedModel } from "./routed-model.ts";
import { createSettle } from "./settle.ts";

/** One runtime over all configured models. */
export interface LLMRouter extends Required<LLMRuntime>, RoutedModels {
  /**
   * Lists the candidates that a call would ask now, in order, and why it would skip the others. Throws
   * `ATLAS_ROUTING_PROFILE_UNKNOWN`.
   */
  explainRoute(profile?: string): RoutePlan;
  /**
   * Returns a profile as a model of the AI SDK (default: the default profile). It passes everything on to the models of the
   * profile and fails over as text calls do. `providerMetadata.atlas` says who answered.
   */
  model(profile?: string): LanguageModelV4;
  /** Time for a whole call, shared by all attempts, in milliseconds. */
  readonly deadlineMs: number;
}

/** The options of a router over models. */
export interface LLMRouterOptions {
  /** The `llm` part of a routing configuration. Default: all `providers` in their order, or the mock if there are none. */
  readonly config?: LLMRoutingConfig | undefined;
  /** Your own runtimes, by the names that profiles use. One with the name of a built-in provider replaces it. */
  readonly providers?: Readonly<Record<string, LLMRuntime>> | undefined;
  /**
   * Your own models for other things than text, by the names that profiles use: `{ mine: { embedding: … } }`. Those of a name
   * that has a configuration replace the configured ones. Default: those of the configuration.
   */
  readonly models?: Readonly<Record<string, CandidateModels>> | undefined;
  /** Where keys are looked up, such as `process.env`. Default: nowhere, because the package never reads the environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Overrides parts of `defaultPolicy` and of the `limits` in the configuration. */
  readonly policy?: Partial<RoutingPolicy>;
  readonly clock?: Clock;
  /** Receives failed attempts, and a warning when the mock stands in. Default: nothing is logged. */
  readonly log?: Logger;
  /** The `fetch` of the built-in providers, for a proxy or a test. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Returns a number 0 ≤ x < 1 for the jitter of the backoff. Default: `Math.random`. */
  readonly random?: () => number;
  /**
   * Wraps the runtime of the candidate, once for each attempt. A middleware sees calls; this sees attempts, and the candidate
   * and model that each one asks. If it throws, the attempt fails. Default: nothing.
   */
  readonly around?: AroundAttempt<LLMRuntime> | undefined;
}

const known: Readonly<Record<keyof LLMRouterOptions, true>> = {
  config: true,
  providers: true,
  models: true,
  env: true,
  policy: true,
  clock: true,
  log: true,
  fetch: true,
  random: true,
  around: true,
};

/**
 * Creates a runtime that asks the models of a profile in order until one answers completely. The result names the provider
 * and has the `route`: every attempt and every skipped candidate. If no model answers, the call rejects with
 * `ATLAS_LLM_ALL_FAILED`, which has the route too. The mock stands in for a model only if the configuration lists it; the
 * result is then marked as `degraded`.
 *
 * @example
 * ```ts
 * const llm = createLLMRouter({
 *   config: { profiles: { fast: ["openai-mini", "house"] } },
 *   providers: { house: createMockLLM({ script: ["Ahoy"] }) },
 * });
 * const { text, route } = await llm.generateText({ prompt: "Hello", profile: "fast" });
 * assert.equal(text, "Ahoy");
 * assert.deepEqual(route?.skipped, [
 *   { candidate: "openai-mini", reason: "the environment variable OPENAI_API_KEY is not set" },
 * ]);
 * ```
 */
export function createLLMRouter(options: LLMRouterOptions = {}): LLMRouter {
  checkOptions("createLLMRouter", options, Object.keys(known));
  checkOptions("createLLMRouter's policy", options.policy ?? {}, Object.keys(defaultPolicy));
  const { config, clock = systemClock, random, around } = options;
  const log = options.log === undefined ? undefined : guardLogger(options.log);
  const own = [...new Set([...Object.keys(options.providers ?? {}), ...Object.keys(options.models ?? {})])];
  const policy: RoutingPolicy = { ...defaultPolicy, ...configuredPolicy(config), ...options.policy };
  const { candidates, sources, unfitForText } = candidatesFor(options, clock);
  const profiles: Profiles = config ?? { profiles: { default: own.length > 0 ? own : [MOCK] } };
  const router = createRouter<LLMRuntime>({
    config: profiles,
    candidates,
    classify: (error, provider) => {
      const said = toLLMError(error, { provider, now: clock.now() });
      return { ...failureOf(said), ...rejectionOf(said) };
    },
    policy,
    clock,
    ...(log === undefined ? {} : { log }),
    ...(random === undefined ? {} : { random }),
    ...(around === undefined ? {} : { around: joinAround([around]) }),
  });
  const settle = createSettle({ clock, log });

  const supportedUrls = routableUrls({ config, candidates, unfitForText, explainRoute });
  const kindRouter = createKindRouter({
    router,
    config: profiles,
    ignoresProfile: config === undefined,
    candidates,
    sources,
    deadlineMs: policy.deadlineMs,
    pauseMs: policy.misconfiguredMs,
    clock,
  });
  const countsTokens = Object.values(config?.providers ?? {}).some(
    ({ tokens_per_minute: limit }) => limit !== undefined,
  );

  return keepingDeadlines<LLMRouter>({
    ...createRoutedModels(kindRouter),
    deadlineMs: policy.deadlineMs,
    async generateText(call) {
      const { onRoute: _, ...passed } = call;
      const outcome = await router.route(routedCall(call), async (runtime, { candidate, signal, used }) => {
        const result = completeResult(await runtime.generateText({ ...passed, signal }), candidate);
        used({ ...result.usage });
        return result;
      });
      return resultOf(settle(call, outcome));
    },
    streamText({ onRoute, ...call }) {
      return createStream(call.signal, async (emit, signal) => {
        let given = "";
        const outcome = await router.route(routedCall({ ...call, signal }), async (runtime, context) => {
          const { textStream, result } = streamOf(runtime, { ...call, signal: context.signal });
          for await (const piece of textStream) {
            // Ignore a candidate that goes on after it was given up.
            context.signal.throwIfAborted();
            if (piece === "") continue;
            if (given === "") context.commit();
            given += piece;
            await emit(piece);
          }
          const whole = completeResult(await result, context.candidate);
          context.used({ ...whole.usage });
          return whole;
        });
        return resultOf(settle({ ...call, signal, onRoute }, outcome, given === "" ? undefined : given));
      });
    },
    languageModel,
    model: (profile) => languageModel(profile === undefined ? {} : { profile }),
    explainRoute,
  });

  function languageModel(asked: ModelOptions = {}): LanguageModelV4 {
    return createRoutedModel(asked, {
      route: ({ options, request, signal }, ask) => {
        const tokens = countsTokens ? { tokens: estimatedPromptTokens(request) } : {};
        return router.route({ ...routedCall({ ...options, signal }), ...tokens }, ask);
      },
      settle: ({ options, signal }, outcome, given) => settle({ ...options, signal }, outcome, given),
      standsIn: (candidate, { profile }) =>
        candidate === MOCK && explainRoute(profile).candidates[0]?.candidate !== MOCK,
      supportedUrls,
    });
  }

  // Without a configuration, every profile has the same candidates.
  function explainRoute(profile?: string): RoutePlan {
    return router.explainRoute(config === undefined ? undefined : profile, unfitForText);
  }

  function routedCall(call: Omit<LLMOptions, "signal"> & { readonly signal?: AbortSignal | undefined }) {
    const { profile, signal, model, context, fallback } = call;
    const { deadlineMs = Number.POSITIVE_INFINITY } = call;
    return {
      profile: config === undefined ? undefined : profile,
      signal,
      model,
      context,
      fallback,
      unfit: unfitForText,
      ...(countsTokens ? { tokens: estimatedTokens(call) } : {}),
      deadlineAt: clock.monotonic() + Math.min(deadlineMs, policy.deadlineMs),
    };
  }
}

function resultOf({ answer, route, isStandIn }: Settled<LLMResult>): LLMResult {
  return isStandIn ? { ...answer, route, degraded: true } : { ...answer, route };
}
