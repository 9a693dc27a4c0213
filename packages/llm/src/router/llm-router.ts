import {
  type AroundAttempt,
  type Candidate,
  type Clock,
  createRouter,
  defaultPolicy,
  type LLMRoutingConfig,
  type Logger,
  type Route,
  type RouteOutcome,
  type RoutePlan,
  type RoutingPolicy,
  systemClock,
} from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import { toLLMError } from "../ai-sdk/to-llm-error.ts";
import { createStream, streamOf } from "../calling/stream.ts";
import { completeResult } from "../contract/complete-result.ts";
import { isLLMError, LLMError } from "../contract/errors.ts";
import { failureOf } from "../contract/failure-kind.ts";
import { keepingDeadlines } from "../contract/own-deadline.ts";
import type { LLMOptions, LLMResult, LLMRuntime } from "../contract/runtime.ts";
import { createMockLLM } from "../mock/mock.ts";
import { builtInProviders } from "../providers/built-in.ts";
import { limitsOf } from "../providers/candidate-limits.ts";
import { createProvider } from "../providers/provider.ts";
import { estimatedTokens } from "./estimated-tokens.ts";
import { rejectionOf } from "./rejection.ts";

/** One runtime over all configured models. */
export interface LLMRouter extends Required<LLMRuntime> {
  /**
   * Lists the candidates that a call would ask now, in order, and why it would skip the others. Throws
   * `ATLAS_ROUTING_PROFILE_UNKNOWN`.
   */
  explainRoute(profile?: string): RoutePlan;
  /** Time for a whole call, shared by all attempts, in milliseconds. */
  readonly deadlineMs: number;
}

/** The options of a router over models. */
export interface LLMRouterOptions {
  /** The `llm` part of a routing configuration. Default: all `providers` in their order, or the mock if there are none. */
  readonly config?: LLMRoutingConfig | undefined;
  /** Your own runtimes, by the names that profiles use. One with the name of a built-in provider replaces it. */
  readonly providers?: Readonly<Record<string, LLMRuntime>> | undefined;
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
  env: true,
  policy: true,
  clock: true,
  log: true,
  fetch: true,
  random: true,
  around: true,
};

const MOCK = "mock";

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
  const own = Object.keys(options.providers ?? {});
  const policy: RoutingPolicy = { ...defaultPolicy, ...policyOf(config), ...options.policy };
  const router = createRouter<LLMRuntime>({
    config: config ?? { profiles: { default: own.length > 0 ? own : [MOCK] } },
    candidates: candidatesFor(options, clock),
    classify: (error, provider) => {
      const said = toLLMError(error, { provider, now: clock.now() });
      return { ...failureOf(said), ...rejectionOf(said) };
    },
    policy,
    clock,
    ...(log === undefined ? {} : { log }),
    ...(random === undefined ? {} : { random }),
    ...(around === undefined ? {} : { around }),
  });

  const countsTokens = Object.values(config?.providers ?? {}).some(
    ({ tokens_per_minute: limit }) => limit !== undefined,
  );

  return keepingDeadlines({
    deadlineMs: policy.deadlineMs,
    async generateText(call: LLMOptions) {
      const { onRoute: _, ...passed } = call;
      const outcome = await router.route(routedCall(call), async (runtime, { candidate, signal, used }) => {
        const result = completeResult(await runtime.generateText({ ...passed, signal }), candidate);
        used({ ...result.usage });
        return result;
      });
      return finish(call, outcome);
    },
    streamText({ onRoute, ...call }: LLMOptions) {
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
        return finish({ ...call, signal, ...(onRoute === undefined ? {} : { onRoute }) }, outcome, given);
      });
    },
    // Without a configuration, every profile has the same candidates.
    explainRoute: (profile: string | undefined) =>
      router.explainRoute(config === undefined ? undefined : profile),
  });

  function routedCall(call: LLMOptions) {
    const { profile, signal, model, context, fallback } = call;
    const { deadlineMs = Number.POSITIVE_INFINITY } = call;
    return {
      profile: config === undefined ? undefined : profile,
      signal,
      model,
      context,
      fallback,
      ...(countsTokens ? { tokens: estimatedTokens(call) } : {}),
      deadlineAt: clock.monotonic() + Math.min(deadlineMs, policy.deadlineMs),
    };
  }

  /** Returns the answer with its evidence, or throws the error with its own. */
  function finish(
    call: Pick<LLMOptions, "signal" | "context" | "onRoute">,
    outcome: RouteOutcome<LLMResult>,
    given = "",
  ): LLMResult {
    const { route } = outcome;
    tell(call.onRoute, route);
    if (outcome.status === "failed") {
      // The caller aborted the call, so it gets its own reason back.
      if (outcome.why === "aborted") call.signal?.throwIfAborted();
      throw errorOf(outcome, given, clock.now());
    }
    const stoodIn = outcome.candidate === MOCK && route.attempts.length + route.skipped.length > 1;
    if (!stoodIn) return { ...outcome.answer, route };
    const { context } = call;
    log?.warn(
      { route, ...(context === undefined ? {} : { context }) },
      `The mock answered in place of a model. ${triedInWords(route)}`,
    );
    return { ...outcome.answer, route, degraded: true };
  }
}

/** A listener that throws must not cost an answer. */
function tell(listener: LLMOptions["onRoute"] | undefined, route: Route): void {
  try {
    listener?.(route);
  } catch {
    // The listener is the caller's; nobody else can be told.
  }
}

function candidatesFor(
  { config, providers = {}, env = {}, fetch }: LLMRouterOptions,
  clock: Clock,
): ReadonlyMap<string, Candidate<LLMRuntime>> {
  const configured = config?.providers ?? {};
  const names = [...Object.keys(builtInProviders), ...Object.keys(configured)];
  return new Map([
    [MOCK, { runtime: createMockLLM(), isStandIn: true }],
    ...names.map((id) => [id, createProvider(id, configured[id] ?? {}, { env, clock, fetch })] as const),
    ...Object.entries(providers).map(
      ([id, runtime]) =>
        [id, { runtime, isStandIn: id === MOCK, ...limitsOf(configured[id] ?? {}) }] as const,
    ),
  ]);
}

function policyOf(config: LLMRoutingConfig | undefined): Partial<RoutingPolicy> {
  const { deadline_ms, attempt_ms, retries, cooldown_ms, patience_ms, max_concurrency } =
    config?.limits ?? {};
  return {
    ...(deadline_ms === undefined ? {} : { deadlineMs: deadline_ms }),
    ...(attempt_ms === undefined ? {} : { attemptMs: attempt_ms }),
    ...(retries === undefined ? {} : { retries }),
    ...(cooldown_ms === undefined ? {} : { cooldownMs: cooldown_ms }),
    ...(patience_ms === undefined ? {} : { patienceMs: patience_ms }),
    ...(max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }),
  };
}

function errorOf(
  { why, error, failure, route }: Extract<RouteOutcome<LLMResult>, { status: "failed" }>,
  given: string,
  now: number,
): LLMError {
  const provider = route.attempts.at(-1)?.candidate ?? route.profile;
  // A filter that stops an answer stops it for good: it is no connection that broke.
  if (given !== "" && failure?.kind === "rejected") {
    const { message, details } = toLLMError(error, { provider, now });
    const known = "provider" in details ? details : { provider };
    return new LLMError("ATLAS_LLM_REJECTED", { ...known, text: given }, message, { route });
  }
  if (given !== "") {
    const usage = isLLMError(error) && "usage" in error.details ? error.details.usage : undefined;
    return new LLMError(
      "ATLAS_LLM_TRUNCATED",
      { provider, text: given, ...(usage === undefined ? {} : { usage }) },
      `"${provider}" broke off after ${given.length} characters: ${failure?.message ?? why}`,
      { route },
    );
  }
  if (why === "stopped") {
    const { code, details, message } = toLLMError(error, { provider, now });
    return new LLMError(code, details, message, { route });
  }
  return new LLMError(
    "ATLAS_LLM_ALL_FAILED",
    { profile: route.profile },
    `No model of the profile "${route.profile}" answered${why === "deadline" ? " in time" : ""}. ${triedInWords(route)}`,
    { route },
  );
}

/** Says in one line which candidates failed or were skipped, and why. */
function triedInWords({ attempts, skipped }: Route): string {
  const failed = attempts.filter(({ outcome }) => outcome !== "answered");
  const names = [...new Set(failed.map(({ candidate }) => candidate))];
  const tried = names.map((name) => {
    const own = failed.filter(({ candidate }) => candidate === name);
    const last = own.at(-1);
    return `${name} (${own.length === 1 ? "1 attempt" : `${own.length} attempts`}): ${last?.message ?? last?.outcome}`;
  });
  const passed = skipped.map(({ candidate, reason }) => `${candidate}: skipped, ${reason}`);
  return `${[...tried, ...passed].map((line) => line.replace(/\.$/, "")).join("; ")}.`;
}
