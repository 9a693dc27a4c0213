import type { CallContext } from "../call-context.ts";
import type { OrderedCandidate } from "../config/profile.ts";
import { type Contender, nextStep, type Standing, type Step } from "./admission.ts";
import { askMember, type LastFailure, type RouterSetup } from "./ask-member.ts";
import type { Route } from "./attempt.ts";
import type { Member } from "./candidate.ts";
import type { Evidence } from "./evidence.ts";
import { attemptTimeMs, type Limits } from "./limits.ts";
import type { GiveBack } from "./places.ts";
import { fallbackAfter, type RejectionFallbacks } from "./rejection-fallback.ts";
import type { AskCandidate } from "./run-attempt.ts";
import { standingOf } from "./standing.ts";

/** How a call ended. */
export type RouteOutcome<Answer> =
  | {
      readonly status: "answered";
      readonly answer: Answer;
      readonly candidate: string;
      readonly route: Route;
    }
  | {
      readonly status: "failed";
      /**
       * - `exhausted`: every candidate failed or was skipped.
       * - `stopped`: a failure that another candidate cannot cure.
       * - `deadline`: the time of the call was up.
       * - `aborted`: the caller gave up.
       */
      readonly why: "exhausted" | "stopped" | "deadline" | "aborted";
      /** The last failure and what was thrown; absent where no candidate was asked. */
      readonly failure?: LastFailure["failure"];
      readonly error?: unknown;
      readonly route: Route;
    };

/** A call, and everything that it needs on its way through the candidates. */
export interface CallOnItsWay<Runtime, Answer> {
  readonly order: readonly OrderedCandidate[];
  readonly members: ReadonlyMap<string, Member<Runtime>>;
  readonly ask: AskCandidate<Runtime, Answer>;
  readonly limits: Limits;
  readonly evidence: Evidence;
  readonly onRejected: RejectionFallbacks;
  /** The tokens that the call will probably use. */
  readonly tokens: number;
  /** The model that the caller named. */
  readonly model: string | ((candidate: string) => string | undefined) | undefined;
  /** Why a candidate cannot answer this call. */
  readonly unfit: ((candidate: string) => string | undefined) | undefined;
  readonly context: CallContext | undefined;
}

/** A candidate that the call may still ask. */
interface CandidateOfCall<Runtime> {
  readonly id: string;
  readonly member: Member<Runtime> | undefined;
  tries: number;
  /** The earliest time of the next attempt, in monotonic milliseconds. */
  notBefore: number;
}

/** Asks the candidates of a call until one answers, none is left, or the call is over. */
export async function routeCall<Runtime, Answer>(
  call: CallOnItsWay<Runtime, Answer>,
  setup: RouterSetup<Runtime>,
): Promise<RouteOutcome<Answer>> {
  const { members, limits, evidence, tokens, unfit } = call;
  const { policy, clock } = setup;
  let left = call.order.map(({ candidate }) => candidateOfCall(candidate));
  const asked: string[] = [];
  let last: LastFailure | undefined;
  let hasFailed = false;
  let patienceMs = policy.patienceMs;
  let waitedFrom: number | undefined;
  /** A place that the call got in line. */
  let held: { readonly of: CandidateOfCall<Runtime>; readonly giveBack: GiveBack } | undefined;

  try {
    for (;;) {
      const over = reasonOver();
      if (over !== undefined) return ended(over);
      const now = clock.monotonic();
      waitedFrom ??= now;
      const contenders = left.map((one) => ({
        standing: standing(one, now),
        isStandIn: one.member?.candidate.isStandIn === true,
      }));
      const remainingMs = limits.deadlineAt - now;
      const step = nextStep(contenders, { remainingMs, patienceMs, hasFailed });
      if (step.step === "end") return ended("exhausted");
      if (step.step === "wait") {
        dropHeld();
        await wait(step, contenders);
        if (step.isPatience) patienceMs -= clock.monotonic() - now;
        continue;
      }
      const next = left[step.index];
      const giveBack = next === undefined ? undefined : place(next);
      // Unreachable: the candidate was ready a moment ago, and nothing has run since.
      if (next?.member === undefined || giveBack === undefined) continue;
      if (step.index > 0) noteSkipped(contenders.slice(0, step.index));
      asked.push(next.id);
      next.tries += 1;
      const tried = await askMember(
        next.id,
        next.member,
        {
          ...call,
          giveBack,
          tries: next.tries,
          startedAt: now,
          waitedMs: Math.round(now - waitedFrom),
          timeMs: attemptTimeMs({
            attemptMs: next.member.candidate.attemptMs ?? policy.attemptMs,
            remainingMs,
            isOtherReady: contenders.some((one, index) => index !== step.index && isReadyAndReal(one)),
          }),
        },
        setup,
      );
      waitedFrom = undefined;
      if (tried.status === "answered") {
        const { answer } = tried;
        return { status: "answered", answer, candidate: next.id, route: evidence.route(next.id) };
      }
      last = tried.last;
      if (tried.move.move === "stop") return ended(reasonOver() ?? "stopped");
      if (tried.move.move === "retry") {
        next.notBefore = clock.monotonic() + tried.move.waitMs;
        continue;
      }
      hasFailed = true;
      const targets = fallbackAfter(last.failure, call.onRejected);
      const others = left.filter((one) => one !== next);
      left = targets === undefined ? others : redirected(targets, others);
    }
  } finally {
    dropHeld();
  }

  function reasonOver(): "aborted" | "deadline" | undefined {
    return limits.over?.why;
  }

  function candidateOfCall(id: string): CandidateOfCall<Runtime> {
    return { id, member: members.get(id), tries: 0, notBefore: 0 };
  }

  function standing(one: CandidateOfCall<Runtime>, now: number): Standing {
    const { id, member, notBefore } = one;
    const hasPlace = held?.of === one;
    return standingOf(member, { now, notBefore, tokens, hasPlace, candidate: id, unfit });
  }

  /** The candidates that the profile names for a rejection come first; the others stay only if the profile allows it. */
  function redirected(
    targets: readonly string[],
    others: readonly CandidateOfCall<Runtime>[],
  ): CandidateOfCall<Runtime>[] {
    const first = targets
      .filter((id) => !asked.includes(id))
      .map((id) => others.find((one) => one.id === id) ?? candidateOfCall(id));
    return call.onRejected.failsOver ? [...first, ...others.filter((one) => !first.includes(one))] : first;
  }

  function place(next: CandidateOfCall<Runtime>): GiveBack | undefined {
    if (held?.of !== next) {
      dropHeld();
      return next.member?.places.take();
    }
    const { giveBack } = held;
    held = undefined;
    return giveBack;
  }

  function dropHeld(): void {
    held?.giveBack();
    held = undefined;
  }

  /** Waits for whatever may make one of the candidates ready. */
  async function wait(
    step: Extract<Step, { step: "wait" }>,
    contenders: readonly Contender[],
  ): Promise<void> {
    await limits.wait(step.waitMs, (wake) => {
      const leave = step.for.flatMap((index) => {
        const one = left[index];
        const standing = contenders[index]?.standing;
        if (one?.member === undefined) return [];
        const { watchers, places } = one.member;
        watchers.add(wake);
        const unwatch = (): void => void watchers.delete(wake);
        // Only where nothing but a place is missing: a place that cannot be used would go from call to call for ever.
        if (standing?.state !== "waiting" || standing.why !== "full") return [unwatch];
        const enter = (giveBack: GiveBack): void => {
          // Two places can come at the same moment, and the call needs one.
          if (held !== undefined) {
            giveBack();
            return;
          }
          held = { of: one, giveBack };
          wake();
        };
        return [unwatch, places.waitInLine(enter)];
      });
      return () => {
        for (const stop of leave) stop();
      };
    });
  }

  function noteSkipped(contenders: readonly Pick<Contender, "standing">[]): void {
    for (const [index, { standing }] of contenders.entries()) {
      const id = left[index]?.id;
      if (id !== undefined && standing.state !== "ready" && !asked.includes(id))
        evidence.skip(id, standing.reason);
    }
  }

  function ended(why: "exhausted" | "stopped" | "deadline" | "aborted"): RouteOutcome<Answer> {
    if (why === "exhausted" || why === "deadline") {
      const now = clock.monotonic();
      noteSkipped(left.map((one) => ({ standing: inTheEnd(standing(one, now), why) })));
    }
    // The candidates for such a rejection could not be asked, so the rejection stands.
    const isRejection =
      last?.failure.kind === "rejected" &&
      last.failure.rejectedFor !== "unsupported" &&
      !call.onRejected.failsOver;
    const known = why === "exhausted" && isRejection ? "stopped" : why;
    return { status: "failed", why: known, ...last, route: evidence.route() };
  }
}

function isReadyAndReal({ standing, isStandIn }: Contender): boolean {
  return standing.state === "ready" && !isStandIn;
}

function inTheEnd(standing: Standing, why: "exhausted" | "deadline"): Standing {
  return why === "deadline" && standing.state === "waiting" && standing.why === "full"
    ? { ...standing, reason: `${standing.reason.replace("are", "were")} until the deadline` }
    : standing;
}
