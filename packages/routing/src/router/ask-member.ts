import type { CallContext } from "../call-context.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { AroundAttempt } from "./around.ts";
import type { FailureKind } from "./attempt.ts";
import { type Member, setCircuit } from "./candidate.ts";
import { circuitAfter, circuitState, probing } from "./circuit.ts";
import type { Evidence } from "./evidence.ts";
import { type CandidateFailure, type Move, nextMove } from "./failover.ts";
import { observed } from "./latency.ts";
import type { Limits } from "./limits.ts";
import type { GiveBack } from "./places.ts";
import type { RoutingPolicy } from "./policy.ts";
import { chargedWith } from "./rate-window.ts";
import { failsOverAfter, type RejectionFallbacks } from "./rejection-fallback.ts";
import { type AskCandidate, type AttemptResult, runAttempt } from "./run-attempt.ts";

/** How one attempt at a member ended, and what the call does next. */
export type Tried<Answer> =
  | { readonly status: "answered"; readonly answer: Answer }
  | { readonly status: "failed"; readonly move: Move; readonly last: LastFailure };

/** The last failed attempt and what it threw. */
export interface LastFailure {
  readonly failure: CandidateFailure;
  readonly error: unknown;
}

/** What a router asks every candidate with. */
export interface RouterSetup<Runtime> {
  readonly classify: (error: unknown, candidate: string) => CandidateFailure;
  readonly policy: RoutingPolicy;
  readonly clock: Clock;
  readonly log: Logger | undefined;
  readonly random: () => number;
  readonly around: AroundAttempt<Runtime> | undefined;
}

/** Makes one attempt at a member, and remembers for other calls what it says about the member. */
export async function askMember<Runtime, Answer>(
  id: string,
  member: Member<Runtime>,
  attempt: {
    readonly ask: AskCandidate<Runtime, Answer>;
    readonly limits: Limits;
    readonly evidence: Evidence;
    readonly onRejected: RejectionFallbacks;
    /** The number of attempts at this member in this call, including this one. */
    readonly tries: number;
    /** Now, in monotonic milliseconds. */
    readonly startedAt: number;
    readonly waitedMs: number;
    /** Time until the attempt begins to answer. */
    readonly timeMs: number;
    readonly tokens: number;
    readonly model: string | ((candidate: string) => string | undefined) | undefined;
    readonly context: CallContext | undefined;
    readonly giveBack: GiveBack;
  },
  { classify, policy, clock, log, random, around }: RouterSetup<Runtime>,
): Promise<Tried<Answer>> {
  const { ask, limits, evidence, onRejected, tries, startedAt, waitedMs, timeMs, tokens, context, giveBack } =
    attempt;
  const { candidate } = member;
  let endedAt = startedAt;
  let outcome: "answered" | FailureKind = "aborted";
  let retryAfterMs: number | undefined;
  let isGivenUp = true;
  // In one turn with the decision to ask it, so that no other call probes it, too, or uses what was left of its limits.
  if (circuitState(member.circuit, startedAt).state === "half_open") {
    setCircuit(member, probing(member.circuit));
  }
  if (member.requests !== undefined) member.requests = chargedWith(member.requests, 1, startedAt);
  if (member.tokens !== undefined) member.tokens = chargedWith(member.tokens, tokens, startedAt);

  try {
    const ended = await runAttempt({
      candidate: id,
      model: typeof attempt.model === "function" ? attempt.model(id) : (attempt.model ?? candidate.model),
      runtime: candidate.runtime,
      around,
      ask,
      classify,
      limits,
      startedAt,
      timeMs,
      fullTimeMs: candidate.attemptMs ?? policy.attemptMs,
      abandonMs: policy.abandonMs,
      clock,
    });
    const { usage } = ended;
    endedAt = clock.monotonic();
    settleTokens(ended);
    const durationMs = Math.round(endedAt - startedAt);
    const times = { candidate: id, waitedMs, durationMs, ...(usage === undefined ? {} : { usage }) };
    if (ended.status === "answered") {
      outcome = "answered";
      member.latency = observed(member.latency, (ended.beganAt ?? endedAt) - startedAt, endedAt);
      evidence.answer(times);
      return ended;
    }
    const { failure, error, isCommitted, isHurried } = ended;
    evidence.fail(times, failure);
    if (failure.kind === "timed_out" && !isCommitted) {
      member.latency = observed(member.latency, durationMs, endedAt);
    }
    const move = nextMove({
      failure,
      tries,
      isCommitted,
      remainingMs: limits.deadlineAt - endedAt,
      failsOverOnRejected: failsOverAfter(failure, onRejected),
      random: random(),
      retries: candidate.retries ?? policy.retries,
      policy,
    });
    // A deadline that came before the attempt's own limit says nothing about the candidate.
    outcome = isHurried ? "aborted" : failure.kind;
    retryAfterMs = failure.retryAfterMs;
    isGivenUp = move.move !== "retry";
    report(failure, move);
    return { status: "failed", move, last: { failure, error } };
  } finally {
    const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
    const update = { startedAt, now: endedAt, ...asked, isGivenUp, policy };
    setCircuit(member, circuitAfter(member.circuit, outcome, update));
    // Only now, so that a call that waits for the place sees what this one has found out.
    giveBack();
  }

  /** Corrects the estimate that was charged before the attempt. Without a count from the candidate, the estimate stays. */
  function settleTokens({ usage }: AttemptResult<Answer>): void {
    if (member.tokens === undefined || usage === undefined) return;
    const used = (usage["inputTokens"] ?? 0) + (usage["outputTokens"] ?? 0);
    member.tokens = chargedWith(member.tokens, used - tokens, endedAt);
  }

  function report({ kind, ...said }: CandidateFailure, { move }: Move): void {
    if (kind === "aborted") return;
    const fields = { candidate: id, kind, ...said, move, ...(context === undefined ? {} : { context }) };
    if (kind === "misconfigured") {
      log?.error(fields, `"${id}" refused its key, model name or address: ${said.message}`);
    } else {
      log?.warn(fields, `An attempt to ask "${id}" failed: ${said.message}`);
    }
  }
}
