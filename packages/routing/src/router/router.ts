import { type Clock, systemClock } from "../clock.ts";
import {
  candidatesOf,
  failsOverOnRejected,
  type OrderedCandidate,
  type Profiles,
  profileName,
} from "../config/profile.ts";
import type { Logger } from "../logger.ts";
import type { Attempt, Route, SkippedCandidate } from "./attempt.ts";
import { type Circuit, circuitAfter, circuitState, closedCircuit, probing } from "./circuit.ts";
import { type Failure, nextMove } from "./failover.ts";
import { createLimits, type Limits } from "./limits.ts";
import { createPlaces, type Places } from "./places.ts";
import { defaultPolicy, type RoutingPolicy } from "./policy.ts";

/** Somebody who can be asked: a model, an agent. */
export interface Candidate<Runtime> {
  readonly runtime: Runtime;
  /** Why it cannot be asked at all, such as a missing key or program; nothing where it can. Asked before every attempt. */
  unavailable?(): string | undefined;
  /** Calls that it answers at the same time. Default: the policy's. */
  readonly concurrency?: number;
  /** It only stands in for the others, as a mock does: while another may still answer, nobody hurries on to it. */
  readonly isStandIn?: boolean;
}

/** Asks the candidates of a profile in order until one answers. */
export interface Router<Runtime> {
  /**
   * Runs `attempt` on one candidate after the other. It never rejects for a failure of a candidate: the outcome says what
   * became of the call, with the evidence of every attempt. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`.
   */
  route<Answer>(
    call: RoutedCall,
    attempt: (runtime: Runtime, context: AttemptContext) => Promise<Answer>,
  ): Promise<RouteOutcome<Answer>>;
  /** Who would be asked now, in order, and why not the others. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`. */
  explainRoute(profile?: string): RoutePlan;
}

/** What a call wants. */
export interface RoutedCall {
  /** Default: the default profile. */
  readonly profile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Monotonic milliseconds at which the call ends, where it began earlier. Default: now and the policy's `deadlineMs`. */
  readonly deadlineAt?: number | undefined;
}

/** What an attempt is given. */
export interface AttemptContext {
  readonly candidate: string;
  /** Aborted when the caller gives up, when the deadline passes, and when the attempt takes too long to begin to answer. */
  readonly signal: AbortSignal;
  /**
   * Says that a part of the answer has reached the caller. From here on a failure ends the call, nobody else is asked, and
   * only the deadline limits the time.
   */
  commit(): void;
}

/** What became of a call. */
export type RouteOutcome<Answer> =
  | {
      readonly status: "answered";
      readonly answer: Answer;
      readonly candidate: string;
      readonly route: Route;
    }
  | {
      readonly status: "failed";
      /** Nobody was left; a failure that nobody else can cure; the time was over; the caller gave up. */
      readonly why: "exhausted" | "stopped" | "deadline" | "aborted";
      /** The last failure and what was thrown; absent where nobody was tried. */
      readonly failure?: Failure;
      readonly error?: unknown;
      readonly route: Route;
    };

/** What `explainRoute` says. */
export interface RoutePlan {
  readonly profile: string;
  readonly candidates: readonly PlannedCandidate[];
}

/** One candidate of a plan: `ready`, or not, and then `reason` says why. */
export interface PlannedCandidate extends OrderedCandidate {
  readonly state: "ready" | "skipped";
  readonly reason?: string;
}

interface Member<Runtime> {
  readonly candidate: Candidate<Runtime>;
  readonly places: Places;
  circuit: Circuit;
}

/**
 * A router over candidates by name. It is the only thing that tries again: candidates do not. It remembers who failed, so
 * keep one for all calls.
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
export function createRouter<Runtime>(options: {
  readonly config: Profiles;
  readonly candidates: ReadonlyMap<string, Candidate<Runtime>>;
  /** Says what a thrown error means. */
  readonly classify: (error: unknown, candidate: string) => Failure;
  /** What differs from {@link defaultPolicy}. */
  readonly policy?: Partial<RoutingPolicy>;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** A number 0 ≤ x < 1 for the pause before a retry. Default: `Math.random`. */
  readonly random?: () => number;
}): Router<Runtime> {
  const { config, classify, clock = systemClock, log, random = Math.random } = options;
  const policy: RoutingPolicy = { ...defaultPolicy, ...options.policy };
  const members = new Map<string, Member<Runtime>>();
  for (const [id, candidate] of options.candidates) {
    const places = createPlaces(candidate.concurrency ?? policy.concurrency);
    members.set(id, { candidate, places, circuit: closedCircuit });
  }

  return {
    async route(call, attempt) {
      const profile = profileName(config, call.profile);
      const startedAt = clock.monotonic();
      const limits = createLimits({
        clock,
        signal: call.signal,
        deadlineMs:
          call.deadlineAt === undefined ? policy.deadlineMs : Math.max(0, call.deadlineAt - startedAt),
      });
      const attempts: Attempt[] = [];
      const skipped: SkippedCandidate[] = [];
      const evidence = (candidate?: string): Route => ({
        profile,
        ...(candidate === undefined ? {} : { candidate }),
        attempts,
        skipped,
        durationMs: since(startedAt),
      });
      const order = candidatesOf(config, profile);
      let last: { readonly failure: Failure; readonly error: unknown } | undefined;
      try {
        for (const [index, { candidate }] of order.entries()) {
          const hasNext = (): boolean =>
            order.slice(index + 1).some((other) => isWorthHurrying(other.candidate));
          const tried = await tryCandidate(candidate, {
            limits,
            attempt,
            attempts,
            skipped,
            hasNext,
            failsOverOnRejected: failsOverOnRejected(config, profile),
          });
          if (tried.status === "answered") {
            return { status: "answered", answer: tried.answer, candidate, route: evidence(candidate) };
          }
          if (tried.last !== undefined) last = tried.last;
          const why = limits.over?.why ?? (tried.status === "stopped" ? "stopped" : undefined);
          if (why !== undefined) return { status: "failed", why, ...last, route: evidence() };
        }
        return { status: "failed", why: "exhausted", ...last, route: evidence() };
      } finally {
        limits.end();
      }
    },
    explainRoute(wanted) {
      const profile = profileName(config, wanted);
      return {
        profile,
        candidates: candidatesOf(config, profile).map((entry) => {
          const reason = whyNot(entry.candidate);
          return reason === undefined ? { ...entry, state: "ready" } : { ...entry, state: "skipped", reason };
        }),
      };
    },
  };

  /** Asks one candidate, again where that helps, until it answers or is given up. */
  async function tryCandidate<Answer>(
    id: string,
    call: CandidateCall<Runtime, Answer>,
  ): Promise<Tried<Answer>> {
    const { limits, attempts, skipped } = call;
    const member = members.get(id);
    let last: Tried<Answer>["last"];
    let waitedFrom = clock.monotonic();
    for (let tries = 1; ; ) {
      const missing = member === undefined ? "there is no such candidate" : member.candidate.unavailable?.();
      if (member === undefined || missing !== undefined) {
        skipped.push({ candidate: id, reason: missing ?? "" });
        return { status: "given_up", last };
      }
      const state = circuitState(member.circuit, clock.monotonic());
      if (state.state === "open") {
        const isWorthIt = state.worthWaiting && (state.waitMs <= policy.patienceMs || !call.hasNext());
        if (isWorthIt && state.waitMs < limits.remainingMs() && (await limits.pause(state.waitMs))) continue;
        skipped.push({ candidate: id, reason: state.reason });
        return { status: "given_up", last };
      }
      const giveBack = await member.places.take(limits.signal).catch(() => undefined);
      if (giveBack === undefined) {
        if (limits.over?.why === "deadline") {
          skipped.push({ candidate: id, reason: "all its places were taken until the deadline" });
        }
        return { status: "given_up", last };
      }
      // While it waited for a place, others may have found out something.
      if (circuitState(member.circuit, clock.monotonic()).state !== state.state) {
        giveBack();
        continue;
      }
      if (state.state === "half_open") member.circuit = probing(member.circuit);

      const startedAt = clock.monotonic();
      const waitedMs = Math.round(startedAt - waitedFrom);
      const ended = await runAttempt(id, member.candidate.runtime, call).finally(giveBack);
      const entry = { candidate: id, waitedMs, durationMs: since(startedAt) };
      if (ended.status === "answered") {
        member.circuit = circuitAfter(member.circuit, "answered", endOf({}, false));
        attempts.push({ ...entry, outcome: "answered" });
        return ended;
      }
      const { failure, isCommitted } = ended;
      const { kind, retryAfterMs, ...said } = failure;
      attempts.push({
        ...entry,
        outcome: kind,
        ...said,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
      last = { failure, error: ended.error };
      const next = nextMove({
        failure,
        tries,
        isCommitted,
        hasNext: call.hasNext(),
        remainingMs: limits.remainingMs(),
        failsOverOnRejected: call.failsOverOnRejected,
        random: random(),
        policy,
      });
      // A caller in a hurry is no reason to blame the candidate.
      const isHurried = limits.over?.why === "deadline" && entry.durationMs < policy.attemptMs;
      const outcome = isHurried ? "aborted" : kind;
      member.circuit = circuitAfter(member.circuit, outcome, endOf(failure, next.move !== "retry"));
      report(id, failure, next.move);
      if (next.move === "stop") return { status: "stopped", last };
      if (next.move === "fail_over") return { status: "given_up", last };
      waitedFrom = clock.monotonic();
      if (!(await limits.pause(next.waitMs))) return { status: "given_up", last };
      tries += 1;
    }
  }

  async function runAttempt<Answer>(
    candidate: string,
    runtime: Runtime,
    { limits, attempt }: CandidateCall<Runtime, Answer>,
  ): Promise<AttemptEnded<Answer>> {
    let isCommitted = false;
    const bounds = limits.forAttempt(policy.attemptMs);
    const commit = (): void => {
      isCommitted = true;
      bounds.untimed();
    };
    try {
      const answer = await bounds.settled(
        () => attempt(runtime, { candidate, signal: bounds.signal, commit }),
        policy.abandonMs,
      );
      return { status: "answered", answer };
    } catch (error) {
      const failure = limits.over?.failure ?? bounds.timeout ?? read(error, candidate);
      return { status: "failed", failure, error, isCommitted };
    } finally {
      bounds.end();
    }
  }

  /** What was thrown may be anything, also something that throws when it is looked at. */
  function read(error: unknown, candidate: string): Failure {
    try {
      return classify(error, candidate);
    } catch {
      return { kind: "failed", message: `"${candidate}" failed with something that cannot be read.` };
    }
  }

  function endOf({ retryAfterMs }: { readonly retryAfterMs?: number }, isGivenUp: boolean) {
    const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { now: clock.monotonic(), ...asked, isGivenUp, policy };
  }

  function report(candidate: string, { kind, ...said }: Failure, move: string): void {
    if (kind === "aborted") return;
    const fields = { candidate, kind, ...said, move };
    if (kind === "misconfigured") {
      log?.error(fields, `"${candidate}" refused its key, name or address: ${said.message}`);
    } else {
      log?.warn(fields, `An attempt at "${candidate}" failed: ${said.message}`);
    }
  }

  function isWorthHurrying(id: string): boolean {
    return members.get(id)?.candidate.isStandIn !== true && whyNot(id) === undefined;
  }

  function whyNot(id: string): string | undefined {
    const member = members.get(id);
    if (member === undefined) return "there is no such candidate";
    const missing = member.candidate.unavailable?.();
    if (missing !== undefined) return missing;
    const state = circuitState(member.circuit, clock.monotonic());
    return state.state === "open" ? state.reason : undefined;
  }

  function since(startedAt: number): number {
    return Math.round(clock.monotonic() - startedAt);
  }
}

interface CandidateCall<Runtime, Answer> {
  readonly limits: Limits;
  readonly attempt: (runtime: Runtime, context: AttemptContext) => Promise<Answer>;
  readonly attempts: Attempt[];
  readonly skipped: SkippedCandidate[];
  readonly hasNext: () => boolean;
  readonly failsOverOnRejected: boolean;
}

type AttemptEnded<Answer> =
  | { readonly status: "answered"; readonly answer: Answer }
  | {
      readonly status: "failed";
      readonly failure: Failure;
      readonly error: unknown;
      readonly isCommitted: boolean;
    };

type Tried<Answer> =
  | { readonly status: "answered"; readonly answer: Answer; readonly last?: undefined }
  | {
      readonly status: "given_up" | "stopped";
      readonly last?: { readonly failure: Failure; readonly error: unknown } | undefined;
    };
