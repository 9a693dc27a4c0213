import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AroundAttempt,
  type AttemptContext,
  type AttemptInfo,
  type Candidate,
  type CandidateFailure,
  createRouter,
  type FailureKind,
  type Profiles,
  type RoutedCall,
  type RoutingPolicy,
} from "../../src/index.ts";

type Answering = (context: AttemptContext) => Promise<string>;

class Refusal extends Error {
  readonly failure: CandidateFailure;
  constructor(kind: FailureKind, retryAfterMs?: number) {
    super(kind);
    this.failure = { kind, message: kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}

const answers =
  (text: string): Answering =>
  async () =>
    text;
const refuses =
  (kind: FailureKind, retryAfterMs?: number): Answering =>
  async () => {
    throw new Refusal(kind, retryAfterMs);
  };
/** Plays one part after the other; the last stays. */
const inTurn = (...parts: readonly Answering[]): Answering => {
  let turn = 0;
  return (context) => {
    const part = parts[Math.min(turn, parts.length - 1)];
    turn += 1;
    return part === undefined ? Promise.reject(new Error("no part")) : part(context);
  };
};
const hangs: Answering = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

function setUp(
  runtimes: Readonly<Record<string, Answering>>,
  options: {
    readonly config?: Profiles;
    readonly policy?: Partial<RoutingPolicy>;
    readonly unavailable?: Readonly<Record<string, string>>;
    readonly concurrency?: number;
  } = {},
) {
  const clock = createFakeClock();
  const router = createRouter<Answering>({
    config: options.config ?? { profiles: { fast: Object.keys(runtimes) } },
    candidates: new Map(
      Object.entries(runtimes).map(([id, runtime]) => [
        id,
        {
          runtime,
          unavailable: () => options.unavailable?.[id],
          ...(options.concurrency === undefined ? {} : { maxConcurrency: options.concurrency }),
        },
      ]),
    ),
    classify: (error) =>
      error instanceof Refusal ? error.failure : { kind: "failed", message: String(error) },
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    clock,
    random: () => 0.5,
  });
  const ask = (call: RoutedCall = {}) => router.route(call, (runtime, context) => runtime(context));
  return { clock, router, ask, asked: (call?: RoutedCall) => clock.run(ask(call)) };
}

/** The attempts of a route, as `candidate outcome +waited`. */
const story = ({
  route,
}: {
  route: { attempts: readonly { candidate: string; outcome: string; waitedMs: number }[] };
}) => route.attempts.map(({ candidate, outcome, waitedMs }) => `${candidate} ${outcome} +${waitedMs}`);

describe("attempts in order, with their waits", () => {
  const cases: readonly [string, Answering, Partial<RoutingPolicy>, readonly string[]][] = [
    ["an answer", answers("a"), {}, ["a answered +0"]],
    [
      "unavailable: two retries with growing random pauses, then the next",
      refuses("unavailable"),
      {},
      ["a unavailable +0", "a unavailable +250", "a unavailable +500", "b answered +0"],
    ],
    ["unavailable, retries 0", refuses("unavailable"), { retries: 0 }, ["a unavailable +0", "b answered +0"]],
    [
      "unavailable once",
      inTurn(refuses("unavailable"), answers("a")),
      {},
      ["a unavailable +0", "a answered +250"],
    ],
    [
      "rate limited for 2 s: it is waited",
      inTurn(refuses("rate_limited", 2_000), answers("a")),
      {},
      ["a rate_limited +0", "a answered +2000"],
    ],
    [
      "rate limited for 30 s: too long while another is ready",
      refuses("rate_limited", 30_000),
      {},
      ["a rate_limited +0", "b answered +0"],
    ],
    [
      "rate limited without a time: like unavailable",
      refuses("rate_limited"),
      {},
      ["a rate_limited +0", "a rate_limited +250", "a rate_limited +500", "b answered +0"],
    ],
    [
      "no answer at all: one retry",
      refuses("bad_response"),
      {},
      ["a bad_response +0", "a bad_response +250", "b answered +0"],
    ],
    ["misconfigured: no retry", refuses("misconfigured"), {}, ["a misconfigured +0", "b answered +0"]],
    ["broken off: no retry", refuses("truncated"), {}, ["a truncated +0", "b answered +0"]],
    ["hangs: its own time limit", hangs, {}, ["a timed_out +0", "b answered +0"]],
    ["any other failure: no retry", refuses("failed"), {}, ["a failed +0", "b answered +0"]],
    ["rejected: the end", refuses("rejected"), {}, ["a rejected +0"]],
  ];
  it.each(cases)("%s", async (_, first, policy, expected) => {
    const { asked, clock } = setUp({ a: first, b: answers("b") }, { policy });
    expect(story(await asked())).toEqual(expected);
    expect(clock.timers).toBe(0);
  });

  it("rejected, where the profile says so: the next", async () => {
    const { asked } = setUp(
      { a: refuses("rejected"), b: answers("b") },
      { config: { profiles: { fast: { candidates: ["a", "b"], fail_over_on_rejected: true } } } },
    );
    expect(story(await asked())).toEqual(["a rejected +0", "b answered +0"]);
  });

  it("waits as long as 60 s for the last candidate, and no longer than the deadline", async () => {
    const again = () => inTurn(refuses("rate_limited", 1e12), answers("a"));
    expect(story(await setUp({ a: again() }).asked())).toEqual(["a rate_limited +0", "a answered +60000"]);
    const hurried = await setUp({ a: again() }, { policy: { deadlineMs: 50_000 } }).asked();
    expect(hurried).toMatchObject({ status: "failed", why: "exhausted" });
    expect(story(hurried)).toEqual(["a rate_limited +0"]);
  });
});

describe("a call", () => {
  it("goes through the profile, the default profile and fallback, and asks nobody twice", async () => {
    const config = {
      default_profile: "balanced",
      profiles: { fast: ["a"], balanced: ["b", "a"] },
      fallback: ["c", "b"],
    };
    const { asked } = setUp({ a: refuses("failed"), b: refuses("failed"), c: answers("c") }, { config });
    const outcome = await asked({ profile: "fast" });
    expect(story(outcome)).toEqual(["a failed +0", "b failed +0", "c answered +0"]);
    expect(outcome).toMatchObject({
      status: "answered",
      answer: "c",
      route: { profile: "fast", candidate: "c" },
    });
  });

  it("skips who is not available, with the reason", async () => {
    const { asked, router } = setUp(
      { a: answers("a"), b: answers("b") },
      { unavailable: { a: "A_KEY is not set" } },
    );
    expect((await asked()).route.skipped).toEqual([{ candidate: "a", reason: "A_KEY is not set" }]);
    expect(router.explainRoute()).toEqual({
      profile: "fast",
      candidates: [
        { candidate: "a", from: "profile", state: "skipped", reason: "A_KEY is not set" },
        { candidate: "b", from: "profile", state: "ready" },
      ],
    });
  });

  it("refuses a profile that is not there and names the nearest", async () => {
    const { asked } = setUp({ a: answers("a") });
    await expect(asked({ profile: "fats" })).rejects.toMatchObject({
      code: "ATLAS_ROUTING_PROFILE_UNKNOWN",
      details: { profile: "fats", nearest: "fast" },
    });
    await expect(asked({ profile: "__proto__" })).rejects.toMatchObject({
      code: "ATLAS_ROUTING_PROFILE_UNKNOWN",
    });
  });

  it("shares one deadline between all attempts", async () => {
    const { asked, clock } = setUp({ a: hangs, b: hangs, c: hangs });
    const outcome = await asked();
    expect(outcome).toMatchObject({ status: "failed", why: "deadline", route: { durationMs: 120_000 } });
    expect(outcome.route.attempts.map(({ durationMs }) => durationMs)).toEqual([60_000, 30_000, 30_000]);
    expect(clock.timers).toBe(0);
  });

  it("ends when its caller gives up: nobody else is asked and nobody is blamed", async () => {
    const caller = new AbortController();
    const { ask, router } = setUp(
      {
        a: ({ signal }) => {
          caller.abort(new Error("enough"));
          return hangs({ signal } as AttemptContext);
        },
        b: answers("b"),
      },
      { policy: { failuresToOpen: 1 } },
    );
    const outcome = await ask({ signal: caller.signal });
    expect(outcome).toMatchObject({ status: "failed", why: "aborted" });
    expect(story(outcome)).toEqual(["a aborted +0"]);
    expect(router.explainRoute().candidates.map(({ state }) => state)).toEqual(["ready", "ready"]);
    expect(story(await ask({ signal: caller.signal }))).toEqual([]);
  });

  it("leaves an attempt behind that does not end when it is aborted", async () => {
    const deaf: Answering = () => new Promise(() => undefined);
    const { asked } = setUp({ a: deaf, b: answers("b") });
    expect(story(await asked())).toEqual(["a timed_out +0", "b answered +0"]);
    const kept = setUp({ a: deaf, b: answers("b") }, { policy: { abandonMs: 5_000 } });
    expect((await kept.asked()).route).toMatchObject({ durationMs: 65_000 });
  });

  it("blames the deadline, and nobody else, when it passes while a timed-out attempt is given time to end", async () => {
    const deaf: Answering = () => new Promise(() => undefined);
    const { asked } = setUp(
      { a: deaf },
      { policy: { attemptMs: 60_000, abandonMs: 10_000, deadlineMs: 65_000 } },
    );
    const outcome = await asked();
    expect(outcome).toMatchObject({ status: "failed", why: "deadline" });
    expect(outcome.route.attempts).toMatchObject([
      { candidate: "a", message: "The call got no answer within its deadline of 65000 ms." },
    ]);
  });

  it("asks nobody else once a part of the answer has reached the caller", async () => {
    const { asked } = setUp({
      a: async ({ commit }) => {
        commit();
        throw new Refusal("unavailable");
      },
      b: answers("b"),
    });
    const outcome = await asked();
    expect(outcome).toMatchObject({ status: "failed", why: "stopped", failure: { kind: "unavailable" } });
    expect(story(outcome)).toEqual(["a unavailable +0"]);
  });

  it("gives an answer that has begun all the time until the deadline", async () => {
    const { asked, clock } = setUp({
      a: ({ commit }) => {
        commit();
        return new Promise((resolve) => void clock.after(100_000, () => resolve("slow")));
      },
    });
    expect(await asked()).toMatchObject({ status: "answered", answer: "slow" });
  });
});

describe("what cannot be read", () => {
  it("is a failure like any other", async () => {
    const clock = createFakeClock();
    const hostile = Object.defineProperty({}, "message", {
      get: () => {
        throw new Error("gotcha");
      },
    });
    const router = createRouter({
      config: { profiles: { fast: ["a", "b"] } },
      candidates: new Map([
        ["a", { runtime: () => Promise.reject(hostile) }],
        ["b", { runtime: () => Promise.resolve("b") }],
      ]),
      classify: (error) => ({ kind: "failed", message: (error as Error).message }),
      clock,
    });
    const outcome = await clock.run(router.route({}, (runtime) => runtime()));
    expect(story(outcome)).toEqual(["a failed +0", "b answered +0"]);
  });
});

describe("a candidate's circuit", () => {
  it("opens after failures in a row, lets one call probe, and closes with its answer", async () => {
    let calls = 0;
    let isUp = false;
    const { asked, ask, clock } = setUp(
      {
        a: async () => {
          calls += 1;
          if (!isUp) throw new Refusal("failed");
          return "a";
        },
        b: answers("b"),
      },
      { policy: { failuresToOpen: 2 } },
    );
    await asked();
    await asked();
    const third = await asked();
    expect(calls).toBe(2);
    expect(third.route.skipped).toEqual([
      { candidate: "a", reason: "it failed 2 times in a row; it is skipped for another 30 s" },
    ]);
    await clock.run(new Promise<void>((resolve) => void clock.after(30_000, resolve)));
    isUp = true;
    const [probe, other] = await clock.run(Promise.all([ask(), ask()]));
    expect([probe, other].map(({ route }) => route.candidate)).toEqual(["a", "b"]);
    expect(other.route.skipped[0]?.reason).toContain("another call is probing it");
    expect((await asked()).route.candidate).toBe("a");
  });

  it("gives back the place of a call that found it open after waiting for the place", async () => {
    const { ask, asked, clock } = setUp(
      { a: inTurn(refuses("misconfigured"), answers("a")) },
      { concurrency: 1, policy: { misconfiguredMs: 1_000 } },
    );
    const [first, second] = await clock.run(Promise.all([ask(), ask()]));
    expect(story(first)).toEqual(["a misconfigured +0"]);
    expect(second.route.skipped[0]?.reason).toContain("refused its key");
    await clock.run(new Promise<void>((resolve) => void clock.after(1_000, resolve)));
    expect(story(await asked())).toEqual(["a answered +0"]);
  });

  it("keeps the failure of the one candidate that was asked when the next is skipped", async () => {
    const { asked } = setUp({ a: refuses("timed_out"), b: answers("b") }, { unavailable: { b: "no key" } });
    const outcome = await asked();
    expect(outcome).toMatchObject({ status: "failed", why: "exhausted", failure: { kind: "timed_out" } });
    expect(outcome.status === "failed" && outcome.error).toBeInstanceOf(Refusal);
  });

  it("is not opened by callers in a hurry", async () => {
    const { ask, router, clock } = setUp({ a: hangs }, { policy: { failuresToOpen: 1 } });
    const outcome = await clock.run(ask({ deadlineAt: 1_000 }));
    expect(story(outcome)).toEqual(["a timed_out +0"]);
    expect(router.explainRoute().candidates[0]?.state).toBe("ready");
  });

  it("keeps a misconfigured candidate out for five minutes", async () => {
    const { asked, router } = setUp({ a: refuses("misconfigured"), b: answers("b") });
    await asked();
    expect(router.explainRoute().candidates[0]?.reason).toBe(
      "it refused its key, model name or address; it is skipped for another 300 s",
    );
  });

  it("lets the others wait for a short rate limit instead of passing the candidate by", async () => {
    const { ask, clock } = setUp({
      a: inTurn(refuses("rate_limited", 1_000), answers("a")),
      b: answers("b"),
    });
    const first = ask();
    await new Promise((resolve) => setImmediate(resolve));
    const second = ask();
    const outcomes = await clock.run(Promise.all([first, second]));
    expect(outcomes.map(story)).toEqual([["a rate_limited +0", "a answered +1000"], ["a answered +1000"]]);
  });
});

describe("a stand-in", () => {
  it("is no reason to hurry on: who can answer in time is waited for", async () => {
    const clock = createFakeClock();
    const real = inTurn(refuses("rate_limited", 30_000), answers("a"));
    const router = createRouter<Answering>({
      config: { profiles: { fast: ["a"] }, fallback: ["mock"] },
      candidates: new Map([
        ["a", { runtime: real }],
        ["mock", { runtime: answers("mock"), isStandIn: true }],
      ]),
      classify: (error) => (error as Refusal).failure,
      clock,
    });
    const outcome = await clock.run(router.route({}, (runtime, context) => runtime(context)));
    expect(story(outcome)).toEqual(["a rate_limited +0", "a answered +30000"]);
  });
});

describe("a candidate's places", () => {
  it("answers only so many calls at the same time, the others in order", async () => {
    let active = 0;
    let most = 0;
    const { ask, clock } = setUp(
      {
        a: async () => {
          active += 1;
          most = Math.max(most, active);
          await new Promise<void>((resolve) => void clock.after(100, resolve));
          active -= 1;
          return "a";
        },
      },
      { concurrency: 2 },
    );
    const outcomes = await clock.run(Promise.all([ask(), ask(), ask(), ask(), ask()]));
    expect(most).toBe(2);
    expect(outcomes.map(({ route }) => route.attempts[0]?.waitedMs)).toEqual([0, 0, 100, 100, 200]);
  });

  it("gives up the place of a caller who leaves", async () => {
    const caller = new AbortController();
    const { ask, clock } = setUp(
      { a: () => new Promise((resolve) => void clock.after(100, () => resolve("a"))) },
      { concurrency: 1 },
    );
    const first = ask();
    const leaving = ask({ signal: caller.signal });
    const third = ask();
    caller.abort();
    expect(await leaving).toMatchObject({ status: "failed", why: "aborted", route: { attempts: [] } });
    expect((await clock.run(Promise.all([first, third]))).map(({ status }) => status)).toEqual([
      "answered",
      "answered",
    ]);
  });

  it("says so when no place became free before the deadline", async () => {
    const { ask, clock } = setUp({ a: hangs }, { concurrency: 1, policy: { attemptMs: 1e6 } });
    const outcomes = await clock.run(Promise.all([ask(), ask({ deadlineAt: 60_000 })]));
    expect(outcomes[1]).toMatchObject({
      status: "failed",
      why: "deadline",
      route: {
        attempts: [],
        skipped: [{ candidate: "a", reason: "all its places were taken until the deadline" }],
      },
    });
  });
});

describe("the places of a candidate that fails", () => {
  it.each<FailureKind>(["failed", "rejected", "timed_out"])(
    "are given back after an attempt that %s",
    async (kind) => {
      const { asked } = setUp({ a: inTurn(refuses(kind), answers("a")) }, { concurrency: 1 });
      await asked();
      expect((await asked()).route.attempts.at(-1)).toMatchObject({ outcome: "answered" });
    },
  );

  it("are given back by a call that waited for several and got one", async () => {
    const slow = (text: string, clock: () => { after(ms: number, then: () => void): unknown }): Answering => {
      return () => new Promise((resolve) => void clock().after(100, () => resolve(text)));
    };
    const set = setUp({ a: slow("a", () => set.clock), b: slow("b", () => set.clock) }, { concurrency: 1 });
    const outcomes = await set.clock.run(Promise.all(Array.from({ length: 6 }, () => set.ask())));
    expect(outcomes.map(({ route }) => route.candidate)).toEqual(["a", "b", "a", "b", "a", "b"]);
    expect(outcomes.map(({ route }) => route.durationMs)).toEqual([100, 100, 200, 200, 300, 300]);
  });

  it("do not go from call to call for ever while the circuit is open", async () => {
    const set = setUp(
      { a: inTurn(...Array.from({ length: 3 }, () => refuses("failed")), answers("a")) },
      { concurrency: 1, policy: { failuresToOpen: 3 } },
    );
    for (let call = 0; call < 3; call += 1) await set.asked();
    const outcomes = await set.clock.run(Promise.all(Array.from({ length: 5 }, () => set.ask())));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill("answered"));
  });
});

describe("a probe", () => {
  it("that its caller aborts leaves its place to the next call", async () => {
    const caller = new AbortController();
    const { asked, ask, clock } = setUp(
      { a: inTurn(refuses("failed"), hangs, answers("a")), b: answers("b") },
      { policy: { failuresToOpen: 1 } },
    );
    await asked();
    await clock.run(new Promise<void>((resolve) => void clock.after(30_000, resolve)));
    const probe = ask({ signal: caller.signal });
    await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    expect(await probe).toMatchObject({ why: "aborted" });
    expect((await asked()).route.candidate).toBe("a");
  });

  it("is waited for by calls that have nobody else, which its answer lets in", async () => {
    const slow: Answering = () => new Promise((resolve) => void set.clock.after(100, () => resolve("a")));
    const set = setUp({ a: inTurn(refuses("failed"), slow) }, { policy: { failuresToOpen: 1 } });
    await set.asked();
    const outcomes = await set.clock.run(Promise.all([set.ask(), set.ask(), set.ask()]));
    expect(outcomes.map(({ route }) => route.attempts[0]?.waitedMs)).toEqual([30_000, 30_100, 30_100]);
  });
});

it("does not forget a pause because of an answer that was under way", async () => {
  const slow: Answering = () => new Promise((resolve) => void set.clock.after(500, () => resolve("slow")));
  const set = setUp({ a: inTurn(slow, refuses("misconfigured"), answers("a")), b: answers("b") });
  const [first, second] = await set.clock.run(Promise.all([set.ask(), set.ask()]));
  expect([first, second].map(({ route }) => route.candidate)).toEqual(["a", "b"]);
  expect((await set.asked()).route.candidate).toBe("b");
});

it("spends its patience once in a call, and not once for each retry", async () => {
  const { asked } = setUp({ a: refuses("rate_limited", 3_000), b: answers("b") });
  expect(story(await asked())).toEqual(["a rate_limited +0", "a rate_limited +3000", "b answered +0"]);
});

it("does not blame a candidate for the time that it leaves to another", async () => {
  const { asked, router } = setUp({ a: hangs, b: answers("b") }, { policy: { failuresToOpen: 1 } });
  const outcome = await asked({ deadlineAt: 10_000 });
  expect(outcome.route.attempts).toMatchObject([{ outcome: "timed_out", durationMs: 5_000 }, {}]);
  expect(router.explainRoute().candidates[0]?.state).toBe("ready");
});

it("says of no candidate that it was skipped once it has been asked", async () => {
  const slow: Answering = () => new Promise((resolve) => void set.clock.after(100, () => resolve("a")));
  const later: Answering = () =>
    new Promise((_, reject) => void set.clock.after(200, () => reject(new Refusal("failed"))));
  const set = setUp({ a: slow, b: later }, { concurrency: 1 });
  const [, second] = await set.clock.run(Promise.all([set.ask(), set.ask()]));
  expect(story(second)).toEqual(["b failed +0", "a answered +0"]);
  expect(second.route.skipped).toEqual([]);
});

it("asks a candidate last that lately hung, where the profile goes by latency", async () => {
  const { asked, router } = setUp(
    { a: inTurn(hangs, answers("a")), b: answers("b") },
    { config: { profiles: { fast: { candidates: ["a", "b"], order: "latency" } } } },
  );
  await asked();
  const { candidates } = router.explainRoute();
  expect(candidates.map(({ candidate, latencyMs }) => [candidate, latencyMs])).toEqual([
    ["b", 0],
    ["a", 60_000],
  ]);
});

describe("a host that hands in what it should not", () => {
  it("loses no call to a check that throws", async () => {
    const clock = createFakeClock();
    const broken = {
      runtime: answers("a"),
      unavailable: () => {
        throw new Error("no disk");
      },
    };
    const router = createRouter<Answering>({
      config: { profiles: { fast: ["a", "b"] } },
      candidates: new Map<string, Candidate<Answering>>([
        ["a", broken],
        ["b", { runtime: answers("b") }],
      ]),
      classify: () => ({ kind: "failed", message: "" }),
      clock,
    });
    const outcome = await clock.run(router.route({}, (runtime, context) => runtime(context)));
    expect(outcome).toMatchObject({ answer: "b", route: { skipped: [{ candidate: "a" }] } });
  });

  it.each([Number.NaN, -5])("waits for no pause of %s", async (retryAfterMs) => {
    const { asked } = setUp({ a: inTurn(refuses("rate_limited", retryAfterMs), answers("a")) });
    expect(story(await asked())).toEqual(["a rate_limited +0", "a answered +250"]);
  });

  it("gets 25 days where it says for ever, because a longer timer would end at once", async () => {
    const { ask, clock } = setUp(
      { a: hangs },
      { policy: { deadlineMs: Number.POSITIVE_INFINITY, attemptMs: Number.POSITIVE_INFINITY } },
    );
    const outcome = await clock.run(ask());
    expect(outcome.route.durationMs).toBe(2_147_483_647);
    const other = await clock.run(ask({ deadlineAt: Number.POSITIVE_INFINITY }));
    expect(other.route.durationMs).toBe(2_147_483_647);
  });

  it("is told at the door of a limit that can never be kept", () => {
    expect(() => setUp({ a: hangs }, { concurrency: 0 })).toThrow(
      'The candidate "a": "maxConcurrency" must be a number of 1 or more, but is 0.',
    );
    expect(() => setUp({ a: hangs }, { policy: { attemptMs: Number.NaN } })).toThrow(
      'createRouter\'s policy: "attemptMs" must be a number of 0 or more, but is NaN.',
    );
  });
});

it("begins no wait that the deadline would end", async () => {
  const { asked } = setUp(
    { a: refuses("rate_limited", 20_000) },
    { policy: { deadlineMs: 50_000, retries: 9 } },
  );
  const outcome = await asked();
  expect(outcome).toMatchObject({ why: "exhausted", route: { durationMs: 40_000 } });
  expect(story(outcome)).toHaveLength(3);
});

it("never takes longer than its deadline, whatever the candidates do", async () => {
  const parts = [
    answers("x"),
    hangs,
    refuses("failed"),
    refuses("unavailable"),
    refuses("rate_limited", 7_000),
    refuses("rate_limited"),
    refuses("misconfigured"),
    refuses("bad_response"),
  ];
  const part = fc.integer({ min: 0, max: parts.length - 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(part, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 90_000 }),
      fc.integer({ min: 1, max: 2 }),
      async (given, deadlineMs, concurrency) => {
        const runtimes = given.map((turns, index): [string, Answering] => [
          `m${index}`,
          inTurn(...turns.flatMap((turn) => parts[turn] ?? [])),
        ]);
        const { ask, clock } = setUp(Object.fromEntries(runtimes), {
          concurrency,
          policy: { deadlineMs, failuresToOpen: 2 },
        });
        const outcomes = await clock.run(Promise.all([ask(), ask(), ask(), ask()]));
        for (const { route } of outcomes) expect(route.durationMs).toBeLessThanOrEqual(deadlineMs);
        expect(clock.timers).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

describe("a wrapper around every attempt", () => {
  const open = (around: AroundAttempt<() => Promise<string>>, failures = 0) => {
    let calls = 0;
    const clock = createFakeClock();
    const small = async (): Promise<string> => {
      calls += 1;
      if (calls <= failures) throw new Refusal("unavailable");
      return "a";
    };
    const router = createRouter<() => Promise<string>>({
      config: { profiles: { fast: ["a", "b"] } },
      candidates: new Map([
        ["a", { model: "small-1", runtime: small }],
        ["b", { runtime: async () => "b" }],
      ]),
      classify: (error) =>
        error instanceof Refusal ? error.failure : { kind: "failed", message: String(error) },
      around,
      clock,
      random: () => 0,
    });
    return (call: RoutedCall = {}) => clock.run(router.route(call, (runtime) => runtime()));
  };

  it("is made anew for each attempt, and knows the candidate and its model, or the one of the call", async () => {
    const seen: AttemptInfo[] = [];
    const around: AroundAttempt<() => Promise<string>> = (next, info) => {
      seen.push(info);
      return async () => `<${await next()}>`;
    };
    expect(await open(around, 9)()).toMatchObject({ status: "answered", answer: "<b>" });
    expect(seen).toEqual([
      ...Array.from({ length: 3 }, () => ({ candidate: "a", model: "small-1" })),
      { candidate: "b" },
    ]);
    seen.length = 0;
    expect(await open(around)({ model: "big-1" })).toMatchObject({ answer: "<a>" });
    expect(seen).toEqual([{ candidate: "a", model: "big-1" }]);
  });

  it("fails the attempt if it throws, and nothing else", async () => {
    const ask = open((next, { candidate }) => {
      if (candidate === "a") throw new Error("no budget");
      return next;
    });
    const outcome = await ask();
    expect(outcome).toMatchObject({ status: "answered", answer: "b" });
    expect(outcome.route.attempts[0]).toMatchObject({ outcome: "failed", message: "Error: no budget" });
  });
});

describe("what attempts used", () => {
  it("is noted for the failed and the answered ones", async () => {
    const charged = new Refusal("failed");
    Object.assign(charged, { failure: { ...charged.failure, usage: { inputTokens: 8 } } });
    const { asked } = setUp({
      a: async ({ used }) => {
        used({ inputTokens: 7 });
        throw new Refusal("failed");
      },
      b: () => Promise.reject(charged),
      c: async ({ used }) => {
        used({ inputTokens: 1 });
        used({ inputTokens: 2, outputTokens: 3 });
        return "c";
      },
    });
    const { route } = await asked();
    expect(route.attempts.map(({ usage }) => usage)).toEqual([
      { inputTokens: 7 },
      { inputTokens: 8 },
      { inputTokens: 2, outputTokens: 3 },
    ]);
  });

  it("leaves out amounts that are none, and is absent where nothing is known", async () => {
    const { asked } = setUp({
      a: async ({ used }) => {
        used({ inputTokens: Number.NaN, outputTokens: -1, cachedInputTokens: undefined });
        throw new Refusal("failed");
      },
      b: async ({ used }) => {
        used({ inputTokens: 0, outputTokens: Number.POSITIVE_INFINITY });
        return "b";
      },
    });
    const { route } = await asked();
    expect(route.attempts.map((attempt) => attempt.usage)).toEqual([undefined, { inputTokens: 0 }]);
    expect(Object.keys(route.attempts[0] ?? {})).not.toContain("usage");
  });
});

it("does not blame a candidate whose begun answer the deadline cut off", async () => {
  const slow: Answering = (context) => {
    context.commit();
    return hangs(context);
  };
  const { asked, router } = setUp({ a: slow }, { policy: { failuresToOpen: 1, deadlineMs: 90_000 } });
  expect(await asked()).toMatchObject({ status: "failed", why: "deadline" });
  expect(router.explainRoute().candidates[0]?.state).toBe("ready");
});

it("logs whom a failed attempt belongs to", async () => {
  const fields: object[] = [];
  const keep = (given: object): void => void fields.push(given);
  const router = createRouter<string>({
    config: { profiles: { fast: ["a"] } },
    candidates: new Map([["a", { runtime: "a" }]]),
    classify: (error) => ({ kind: "failed", message: String(error) }),
    log: { debug: keep, info: keep, warn: keep, error: keep },
  });
  const context = { correlation_id: "request-7", attempt: 2 };
  await router.route({ context }, () => Promise.reject(new Error("down")));
  expect(fields).toMatchObject([{ candidate: "a", context }]);
});

it("refuses options and parts of the policy that it does not have", () => {
  const options = {
    config: { profiles: {} },
    candidates: new Map<string, Candidate<string>>(),
    classify: (): CandidateFailure => ({ kind: "failed", message: "" }),
  };
  const misspelt: typeof options = Object.assign({ arround: () => undefined }, options);
  expect(() => createRouter(misspelt)).toThrow(
    'createRouter: "arround" is not an option. Did you mean "around"?',
  );
  expect(() => createRouter({ ...options, policy: { deadlineMS: 5 } as object })).toThrow(
    'createRouter\'s policy: "deadlineMS" is not an option. Did you mean "deadlineMs"?',
  );
});
