import {
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
import { toLLMError } from "../ai-sdk/to-llm-error.ts";
import { createStream, streamOf } from "../calling/stream.ts";
import { LLMError } from "../contract/errors.ts";
import { failureOf } from "../contract/failure-kind.ts";
import type { LLMOptions, LLMResult, LLMRuntime } from "../contract/runtime.ts";
import { createMockLLM } from "../mock/mock.ts";
import { builtInProviders } from "../providers/built-in.ts";
import { createProvider } from "../providers/provider.ts";

/** One runtime over every configured model. */
export interface LLMRouter extends Required<LLMRuntime> {
  /** Who would be asked now, in order, and why not the others. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`. */
  explainRoute(profile?: string): RoutePlan;
  /** What all attempts of a call share, in milliseconds. */
  readonly deadlineMs: number;
}

/** How a router over models is set up. */
export interface LLMRouterOptions {
  /** The `llm` part of a routing configuration. Default: `providers` in their order, or the mock without any. */
  readonly config?: LLMRoutingConfig | undefined;
  /** Runtimes of your own by the names that profiles use; one named like a built-in takes its place. */
  readonly providers?: Readonly<Record<string, LLMRuntime>> | undefined;
  /** Where the keys that the configuration names are looked up. Default: nowhere; nothing reads the environment itself. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What differs from `defaultPolicy`, beyond what the configuration's `limits` say. */
  readonly policy?: Partial<RoutingPolicy>;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly fetch?: typeof globalThis.fetch;
  /** A number 0 ≤ x < 1 for the pause before a retry. Default: `Math.random`. */
  readonly random?: () => number;
}

const MOCK = "mock";

/**
 * Asks the models of a profile in order until one has answered completely. The result says who it was and what was tried;
 * when nobody answers, the error does (`ATLAS_LLM_ALL_FAILED`). The mock answers in place of a model only where the
 * configuration lists it, and the result is then `degraded`.
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
  const { config, clock = systemClock, log, random } = options;
  const own = Object.keys(options.providers ?? {});
  const policy: RoutingPolicy = { ...defaultPolicy, ...policyOf(config), ...options.policy };
  const router = createRouter<LLMRuntime>({
    config: config ?? { profiles: { default: own.length > 0 ? own : [MOCK] } },
    candidates: candidatesFor(options, clock),
    classify: (error, provider) => failureOf(toLLMError(error, { provider, now: clock.now() })),
    policy,
    clock,
    ...(log === undefined ? {} : { log }),
    ...(random === undefined ? {} : { random }),
  });

  return {
    deadlineMs: policy.deadlineMs,
    async generateText(call) {
      const outcome = await router.route(routedCall(call), (runtime, { signal }) =>
        runtime.generateText({ ...call, signal }),
      );
      return finish(call, outcome);
    },
    streamText(call) {
      return createStream(call.signal, async (emit, signal) => {
        let given = "";
        const outcome = await router.route(routedCall({ ...call, signal }), async (runtime, context) => {
          const { textStream, result } = streamOf(runtime, { ...call, signal: context.signal });
          for await (const piece of textStream) {
            // One that was given up and speaks all the same is not heard any more.
            context.signal.throwIfAborted();
            if (given === "") context.commit();
            given += piece;
            emit(piece);
          }
          return result;
        });
        return finish({ ...call, signal }, outcome, given);
      });
    },
    // Without a configuration any profile is the mock's.
    explainRoute: (profile) => router.explainRoute(config === undefined ? undefined : profile),
  };

  function routedCall({ profile, signal, deadlineMs = Number.POSITIVE_INFINITY }: LLMOptions) {
    return {
      profile: config === undefined ? undefined : profile,
      signal,
      deadlineAt: clock.monotonic() + Math.min(deadlineMs, policy.deadlineMs),
    };
  }

  /** The answer with its evidence, or the error with its own. */
  function finish(call: LLMOptions, outcome: RouteOutcome<LLMResult>, given = ""): LLMResult {
    const { route } = outcome;
    if (outcome.status === "failed") {
      // An abort is the caller's own doing: it gets its own reason back.
      if (outcome.why === "aborted") call.signal?.throwIfAborted();
      throw errorOf(outcome, given, clock.now());
    }
    const stoodIn = outcome.candidate === MOCK && route.attempts.length + route.skipped.length > 1;
    if (!stoodIn) return { ...outcome.answer, route };
    log?.warn({ route }, `The mock answered in place of a model. ${triedInWords(route)}`);
    return { ...outcome.answer, route, degraded: true };
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
    ...Object.entries(providers).map(([id, runtime]) => [id, { runtime, isStandIn: id === MOCK }] as const),
  ]);
}

function policyOf(config: LLMRoutingConfig | undefined): Partial<RoutingPolicy> {
  const { deadline_ms, attempt_ms, retries, cooldown_ms, concurrency } = config?.limits ?? {};
  return {
    ...(deadline_ms === undefined ? {} : { deadlineMs: deadline_ms }),
    ...(attempt_ms === undefined ? {} : { attemptMs: attempt_ms }),
    ...(retries === undefined ? {} : { retries }),
    ...(cooldown_ms === undefined ? {} : { cooldownMs: cooldown_ms }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function errorOf(
  { why, error, failure, route }: Extract<RouteOutcome<LLMResult>, { status: "failed" }>,
  given: string,
  now: number,
): LLMError {
  if (given !== "") {
    const provider = route.attempts.at(-1)?.candidate ?? route.profile;
    return new LLMError(
      "ATLAS_LLM_TRUNCATED",
      { provider, text: given },
      `"${provider}" broke off after ${given.length} characters: ${failure?.message ?? why}`,
      { route },
    );
  }
  if (why === "stopped") {
    const provider = route.attempts.at(-1)?.candidate ?? route.profile;
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

/** Who was tried and skipped, and why, in one line. */
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
