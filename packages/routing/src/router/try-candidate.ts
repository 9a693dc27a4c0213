import type { CallContext } from "../call-context.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { admit } from "./admission.ts";
import type { AroundAttempt } from "./around.ts";
import type { Member } from "./candidate.ts";
import { circuitAfter } from "./circuit.ts";
import type { Evidence } from "./evidence.ts";
import { type CandidateFailure, type Move, nextMove } from "./failover.ts";
import type { Limits } from "./limits.ts";
import type { RoutingPolicy } from "./policy.ts";
import { type AskCandidate, runAttempt } from "./run-attempt.ts";

/** How a call's time with one candidate ended. */
export type Tried<Answer> =
  | { readonly status: "answered"; readonly answer: Answer }
  /** The next candidate is asked (`given_up`), or none is (`stopped`). `last` is absent where no attempt was made. */
  | { readonly status: "given_up" | "stopped"; readonly last?: LastFailure | undefined };

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

/** Asks one candidate, and again where a retry may help, until it answers or the call gives it up. */
export async function tryCandidate<Runtime, Answer>(
  id: string,
  call: {
    readonly member: Member<Runtime> | undefined;
    readonly ask: AskCandidate<Runtime, Answer>;
    readonly limits: Limits;
    readonly evidence: Evidence;
    /** True while a candidate after this one could answer sooner. */
    readonly hasNext: () => boolean;
    readonly failsOverOnRejected: boolean;
    /** The model that the caller named. */
    readonly model: string | undefined;
    readonly context: CallContext | undefined;
  },
  { classify, policy, clock, log, random, around }: RouterSetup<Runtime>,
): Promise<Tried<Answer>> {
  const { ask, limits, evidence, hasNext, failsOverOnRejected, context } = call;
  let last: LastFailure | undefined;
  let waitedFrom = clock.monotonic();

  for (let tries = 1; ; tries += 1) {
    const admission = await admit(call.member, { limits, hasNext, policy, clock });
    if (admission.status === "skipped") evidence.skip(id, admission.reason);
    if (admission.status !== "admitted") return { status: "given_up", last };
    const { member, giveBack } = admission;

    let next: Move;
    try {
      const startedAt = clock.monotonic();
      const waitedMs = Math.round(startedAt - waitedFrom);
      const { runtime, model: ownModel } = member.candidate;
      const model = call.model ?? ownModel;
      const ended = await runAttempt({
        candidate: id,
        model,
        runtime,
        around,
        ask,
        classify,
        limits,
        policy,
      });
      const { usage } = ended;
      const durationMs = Math.round(clock.monotonic() - startedAt);
      const attempt = { candidate: id, waitedMs, durationMs, ...(usage === undefined ? {} : { usage }) };
      if (ended.status === "answered") {
        member.circuit = circuitAfter(member.circuit, "answered", update({}, false));
        evidence.answer(attempt);
        return ended;
      }
      const { failure, error, isCommitted } = ended;
      evidence.fail(attempt, failure);
      last = { failure, error };
      next = nextMove({
        failure,
        tries,
        isCommitted,
        hasNext: hasNext(),
        remainingMs: limits.remainingMs(),
        failsOverOnRejected,
        random: random(),
        policy,
      });
      // A deadline that came before the attempt's own limit says nothing about the candidate.
      // Neither does one that cut off an answer which had begun: the reader may have been the slow one.
      const isHurried =
        limits.over?.why === "deadline" && (isCommitted || attempt.durationMs < policy.attemptMs);
      const outcome = isHurried ? "aborted" : failure.kind;
      member.circuit = circuitAfter(member.circuit, outcome, update(failure, next.move !== "retry"));
      report(failure, next);
    } finally {
      // Only now, so that a call that waits for the place sees what this one has found out.
      giveBack();
    }
    if (next.move === "stop") return { status: "stopped", last };
    if (next.move === "fail_over") return { status: "given_up", last };
    waitedFrom = clock.monotonic();
    if (!(await limits.pause(next.waitMs))) return { status: "given_up", last };
  }

  function update({ retryAfterMs }: Pick<CandidateFailure, "retryAfterMs">, isGivenUp: boolean) {
    const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { now: clock.monotonic(), ...asked, isGivenUp, policy };
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
