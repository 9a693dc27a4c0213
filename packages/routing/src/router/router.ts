import type { CallContext } from "../call-context.ts";
import { type Clock, LONGEST_DELAY_MS, systemClock } from "../clock.ts";
import {
  candidatesOf,
  type OrderedCandidate,
  onRejectedOf,
  type Profiles,
  profileName,
} from "../config/profile.ts";
import { checkOptions } from "../known-options.ts";
import { guardLogger, type Logger } from "../logger.ts";
import { didYouMean } from "../nearest.ts";
import type { AroundAttempt } from "./around.ts";
import { type Candidate, createMembers } from "./candidate.ts";
import { createEvidence } from "./evidence.ts";
import type { CandidateFailure } from "./failover.ts";
import { createLimits } from "./limits.ts";
import { inOrder } from "./order.ts";
import { planRoute, type RoutePlan } from "./plan.ts";
import { defaultPolicy, policyOf, type RoutingPolicy } from "./policy.ts";
import { type RouteOutcome, routeCall } from "./route-call.ts";
import type { AttemptContext } from "./run-attempt.ts";

/** Asks the candidates of a profile in order until one answers. */
export interface Router<Runtime> {
  /**
   * Calls `ask` with one candidate after the other. The failure of a candidate never rejects the promise: the outcome says
   * how the call ended, with the evidence of every attempt. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`.
   */
  route<Answer>(
    call: RoutedCall,
    ask: (runtime: Runtime, context: AttemptContext) => Promise<Answer>,
  ): Promise<RouteOutcome<Answer>>;
  /**
   * Lists the candidates that a call would ask now, in order, and why it would skip the others. Throws
   * `ATLAS_ROUTING_PROFILE_UNKNOWN`.
   */
  explainRoute(profile?: string, unfit?: RoutedCall["unfit"]): RoutePlan;
}

/** One call to a router. */
export interface RoutedCall {
  /** Default: the default profile. */
  readonly profile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * When the call ends, in monotonic milliseconds. Set it where the call began earlier. Default: `deadlineMs` of the policy
   * from now.
   */
  readonly deadlineAt?: number | undefined;
  /** Candidates that are asked after all others, in place of the configured `fallback`. Default: the configured ones. */
  readonly fallback?: readonly string[] | undefined;
  /** The only candidate to ask, in place of those of the profile and of `fallback`. Default: all of them. */
  readonly only?: string | undefined;
  /** The tokens that the call will probably use, for candidates with a `tokensPerMinute`. Default: 0, counted afterwards. */
  readonly tokens?: number | undefined;
  /** The model that the caller named, for `around`, or what says it for each candidate. Default: the model of each candidate. */
  readonly model?: string | ((candidate: string) => string | undefined) | undefined;
  /**
   * Says why a candidate cannot answer this call, whatever its state is; `undefined` if it can. Such a candidate is skipped
   * with that reason, and nothing is held against it. It is asked often, so it must be cheap. Default: all can.
   */
  readonly unfit?: ((candidate: string) => string | undefined) | undefined;
  /** Who and what the call belongs to. It appears as `context` in every log line of the call. */
  readonly context?: CallContext | undefined;
}

/** The options of a router. */
export interface RouterOptions<Runtime> {
  readonly config: Profiles;
  readonly candidates: ReadonlyMap<string, Candidate<Runtime>>;
  /** Says what a thrown error means. An error of the function itself counts as `failed`. */
  readonly classify: (error: unknown, candidate: string) => CandidateFailure;
  /** Overrides parts of {@link defaultPolicy}. */
  readonly policy?: Partial<RoutingPolicy>;
  readonly clock?: Clock;
  /** Receives each failed attempt: an error for a misconfigured candidate, a warning otherwise. Default: nothing is logged. */
  readonly log?: Logger;
  /** Returns a number 0 ≤ x < 1 for the jitter of the backoff. Default: `Math.random`. */
  readonly random?: () => number;
  /**
   * Wraps the runtime of the candidate, once for each attempt: a meter or a guard sees every attempt, not only every call. If
   * it throws, the attempt fails.
   */
  readonly around?: AroundAttempt<Runtime>;
}

const known: Readonly<Record<keyof RouterOptions<unknown>, true>> = {
  config: true,
  candidates: true,
  classify: true,
  policy: true,
  clock: true,
  log: true,
  random: true,
  around: true,
};

/**
 * Creates a router over named candidates. Only the router retries; candidates ask once. It remembers which candidates
 * failed, so use one router for all calls.
 *
 * @example
 * ```ts
 * const router = createRouter({
 *   config: { profiles: { fast: ["small", "large"] } },
 *   candidates: new Map([
 *     ["small", { runtime: "small", unavailable: () => "SMALL_KEY is not set" }],
 *     ["large", { runtime: "large" }],
 *   ]),
 *   classify: (error) => ({ kind: "failed", message: String(error) }),
 * });
 * const outcome = await router.route({ profile: "fast" }, async (name) => `${name} says hello`);
 * assert.equal(outcome.status === "answered" && outcome.answer, "large says hello");
 * assert.deepEqual(outcome.route.skipped, [{ candidate: "small", reason: "SMALL_KEY is not set" }]);
 * ```
 */
export function createRouter<Runtime>(options: RouterOptions<Runtime>): Router<Runtime> {
  checkOptions("createRouter", options, Object.keys(known));
  const { config, classify, clock = systemClock, random = Math.random, around } = options;
  const log = options.log === undefined ? undefined : guardLogger(options.log);
  checkOptions("createRouter's policy", options.policy ?? {}, Object.keys(defaultPolicy));
  const policy = policyOf(options.policy);
  const members = createMembers(options.candidates, policy);
  const setup = { classify, policy, clock, log, random, around };
  // The configuration does not change, so neither does the list of a profile.
  const lists = new Map<string, readonly OrderedCandidate[]>();

  return {
    async route(call, ask) {
      const profile = profileName(config, call.profile);
      checkKnown("fallback", call.fallback ?? []);
      checkKnown("only", call.only === undefined ? [] : [call.only]);
      const evidence = createEvidence(profile, clock);
      const { deadlineAt } = call;
      const deadlineMs =
        deadlineAt === undefined
          ? policy.deadlineMs
          : Math.min(LONGEST_DELAY_MS, Math.max(0, deadlineAt - evidence.startedAt));
      const limits = createLimits({ clock, signal: call.signal, startedAt: evidence.startedAt, deadlineMs });
      const order =
        call.only === undefined
          ? inOrder(listed(profile, call.fallback), {
              profile: config.profiles[profile],
              members,
              now: evidence.startedAt,
              random,
            })
          : [{ candidate: call.only, from: "profile" as const }];
      const { model, context, unfit, tokens = 0 } = call;
      const onRejected = onRejectedOf(config, profile);
      try {
        const way = { order, members, ask, limits, evidence, onRejected, tokens, model, unfit, context };
        return await routeCall(way, setup);
      } finally {
        limits.end();
      }
    },
    explainRoute: (profile, unfit) => planRoute(config, members, { profile, unfit, now: clock.monotonic() }),
  };

  function listed(profile: string, fallback: readonly string[] | undefined): readonly OrderedCandidate[] {
    if (fallback !== undefined) return candidatesOf({ ...config, fallback }, profile);
    const known = lists.get(profile) ?? candidatesOf(config, profile);
    lists.set(profile, known);
    return known;
  }

  function checkKnown(option: string, candidates: readonly string[]): void {
    const wrong = candidates.find((id) => !members.has(id));
    if (wrong === undefined) return;
    throw new TypeError(
      `The call's "${option}" names "${wrong}", but there is no such candidate.${didYouMean(wrong, [...members.keys()])}`,
    );
  }
}
