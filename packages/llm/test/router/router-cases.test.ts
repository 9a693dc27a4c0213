import type { LLMRoutingConfig } from "@atlas/routing";
import { createFakeClock, type FakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import {
  createLLMRouter,
  createStream,
  LLMError,
  type LLMErrorCode,
  type LLMOptions,
  type LLMResult,
  type LLMRuntime,
} from "../../src/index.ts";

/** What a model does with one call. */
type Play = (call: LLMOptions, clock: FakeClock) => Promise<string> | string;

const answers =
  (text: string): Play =>
  () =>
    text;
const fails =
  (status: number, message = "no", headers: Readonly<Record<string, string>> = {}): Play =>
  () => {
    throw Object.assign(new Error(message), { status, headers });
  };
const refuses =
  (code: Exclude<LLMErrorCode, "ATLAS_LLM_TRUNCATED">, message = "no"): Play =>
  () => {
    throw new LLMError(code, { provider: "house" } as LLMError["details"], message);
  };
const takes =
  (ms: number, text: string): Play =>
  ({ signal }, clock) =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(ms, () => resolve(text));
      signal?.addEventListener("abort", () => {
        cancel();
        reject(signal.reason);
      });
    });
const hangs = takes(1e9, "too late");
/** Plays one part after the other; the last stays. */
const inTurn = (...parts: readonly [Play, ...Play[]]): Play => {
  let turn = 0;
  return (call, clock) => {
    const part = parts[Math.min(turn, parts.length - 1)] ?? parts[0];
    turn += 1;
    return part(call, clock);
  };
};

function setUp(plays: Readonly<Record<string, Play>>, config: Partial<LLMRoutingConfig> = {}) {
  const clock = createFakeClock();
  const runtime = (id: string, play: Play): LLMRuntime => ({
    generateText: async (call) => ({ text: await play(call, clock), provider: id }),
  });
  const router = createLLMRouter({
    config: { profiles: { fast: Object.keys(plays) }, ...config },
    providers: Object.fromEntries(Object.entries(plays).map(([id, play]) => [id, runtime(id, play)])),
    clock,
    random: () => 0.5,
  });
  const start = (call: Partial<LLMOptions> = {}) => router.generateText({ prompt: "Hello", ...call });
  return {
    clock,
    router,
    start,
    run: (work: Promise<LLMResult>) => clock.run(settled(work)),
    ask: (call?: Partial<LLMOptions>) => clock.run(settled(start(call))),
    pass: (ms: number) => clock.run(new Promise<void>((resolve) => void clock.after(ms, resolve))),
  };
}

/** Who answered, or the code of the failure, and the attempts as `candidate outcome +waited`. */
async function settled(work: Promise<LLMResult>) {
  const { by, route } = await work.then(
    (result) => ({ by: result.provider, route: result.route }),
    (error: LLMError) => ({ by: error.code, route: error.route }),
  );
  const attempts = route?.attempts ?? [];
  return {
    by,
    route,
    story: attempts.map(({ candidate, outcome, waitedMs }) => `${candidate} ${outcome} +${waitedMs}`),
  };
}

// The situations that routers over language models are usually tested with, by what their users expect.
describe("retries", () => {
  it("1. does not retry a refused key, and asks the next candidate", async () => {
    const { ask } = setUp({ a: fails(401), b: answers("b") });
    expect((await ask()).story).toEqual(["a misconfigured +0", "b answered +0"]);
  });

  it("2. retries an error of the service with growing pauses", async () => {
    const { ask } = setUp({ a: inTurn(fails(500), fails(503), answers("a")) });
    expect((await ask()).story).toEqual(["a unavailable +0", "a unavailable +250", "a answered +500"]);
  });

  it("3. retries after a rate limit when the service says so", async () => {
    const { ask } = setUp({ a: inTurn(fails(429, "slow down", { "retry-after": "3" }), answers("a")) });
    expect((await ask()).story).toEqual(["a rate_limited +0", "a answered +3000"]);
  });

  it("4. has retries for each candidate, and none where they are 0", async () => {
    const { ask } = setUp(
      { a: fails(500), b: fails(500) },
      { limits: { retries: 0 }, providers: { b: { retries: 1 } } },
    );
    expect((await ask()).story).toEqual(["a unavailable +0", "b unavailable +0", "b unavailable +250"]);
  });

  it("5. asks the next candidate when an account has no credit, and leaves the first alone", async () => {
    const { ask } = setUp({ a: refuses("ATLAS_LLM_MISCONFIGURED", "credit too low"), b: answers("b") });
    await ask();
    expect((await ask()).story).toEqual(["b answered +0"]);
  });
});

describe("cool-downs", () => {
  it("6. keeps asking the only candidate: a call waits for it instead of failing at once", async () => {
    const { ask } = setUp({ a: inTurn(...fiveTimes(refuses("ATLAS_LLM_FAILED")), answers("a")) });
    for (let call = 0; call < 5; call += 1) await ask();
    expect((await ask()).story).toEqual(["a answered +30000"]);
  });

  it("7. leaves a candidate alone when more than half of its recent calls failed", async () => {
    const failing = refuses("ATLAS_LLM_FAILED");
    const ten = [...twice(failing, failing, answers("a")), failing, answers("a"), failing, failing] as const;
    const { ask } = setUp({ a: inTurn(failing, ...ten), b: answers("b") });
    for (let call = 0; call < 11; call += 1) await ask();
    const { by, route } = await ask();
    expect(by).toBe("b");
    expect(route?.skipped[0]?.reason).toContain("most of its recent attempts failed");
  });

  it("8. does not leave it alone for a single failure", async () => {
    const { ask } = setUp({ a: inTurn(refuses("ATLAS_LLM_FAILED"), answers("a")), b: answers("b") });
    await ask();
    expect((await ask()).story).toEqual(["a answered +0"]);
  });

  it("9. leaves it alone for longer when it fails again after its pause", async () => {
    const { ask, pass } = setUp({ a: refuses("ATLAS_LLM_FAILED"), b: answers("b") });
    for (let call = 0; call < 5; call += 1) await ask();
    await pass(30_000);
    expect((await ask()).story).toEqual(["a failed +0", "b answered +0"]);
    await pass(30_000);
    expect((await ask()).story).toEqual(["b answered +0"]);
    await pass(30_000);
    expect((await ask()).story).toEqual(["a failed +0", "b answered +0"]);
  });

  it("10. has no cool-down where it is 0", async () => {
    const { ask } = setUp(
      { a: inTurn(...fiveTimes(refuses("ATLAS_LLM_FAILED")), answers("a")), b: answers("b") },
      { limits: { cooldown_ms: 0 } },
    );
    for (let call = 0; call < 5; call += 1) await ask();
    expect((await ask()).story).toEqual(["a answered +0"]);
  });

  it("11. waits for the only candidate while its rate limit lasts", async () => {
    const { ask } = setUp({
      a: inTurn(fails(429, "later", { "retry-after": "20" }), answers("a")),
    });
    expect((await ask()).story).toEqual(["a rate_limited +0", "a answered +20000"]);
  });

  it("12. asks the one whose pause ends first when all are left alone", async () => {
    const limited = (seconds: string, text: string) =>
      inTurn(fails(429, "later", { "retry-after": seconds }), answers(text));
    const { ask } = setUp({ a: limited("40", "a"), b: limited("20", "b") });
    expect((await ask()).story).toEqual(["a rate_limited +0", "b rate_limited +0", "b answered +20000"]);
  });
});

describe("fall-over", () => {
  const tooLong = fails(400, "This model's maximum context length is 8192 tokens.");
  const filtered = fails(400, "Rejected by the content filter.");

  it("13. asks the larger model when the request is too long", async () => {
    const { ask } = setUp(
      { a: tooLong, b: answers("b"), large: answers("large") },
      { profiles: { fast: { candidates: ["a", "b"], context_window_fallback: ["large"] } } },
    );
    expect((await ask()).story).toEqual(["a rejected +0", "large answered +0"]);
  });

  it("14. asks the other service when a content filter stops the request", async () => {
    const { ask } = setUp(
      { a: filtered, b: answers("b"), lenient: answers("lenient") },
      {
        profiles: {
          fast: {
            candidates: ["a", "b"],
            context_window_fallback: ["b"],
            content_filter_fallback: ["lenient"],
          },
        },
      },
    );
    expect((await ask()).story).toEqual(["a rejected +0", "lenient answered +0"]);
  });

  it("15. fails with the rejection where no candidate is named for it, or none of them can be asked", async () => {
    const plain = setUp({ a: tooLong, b: answers("b") });
    expect(await plain.ask()).toMatchObject({ by: "ATLAS_LLM_REJECTED", story: ["a rejected +0"] });
    const missing = setUp(
      { a: tooLong, b: answers("b") },
      { profiles: { fast: { candidates: ["a", "b"], context_window_fallback: ["openai"] } } },
    );
    expect(await missing.ask()).toMatchObject({ by: "ATLAS_LLM_REJECTED", story: ["a rejected +0"] });
  });

  it("16. takes the fall-over of one call from that call", async () => {
    const { ask, start } = setUp(
      { a: refuses("ATLAS_LLM_FAILED"), b: answers("b"), c: answers("c") },
      { profiles: { fast: ["a"] }, fallback: ["b"] },
    );
    expect((await ask({ fallback: ["c"] })).by).toBe("c");
    expect((await ask({ fallback: [] })).by).toBe("ATLAS_LLM_ALL_FAILED");
    expect((await ask()).by).toBe("b");
    await expect(start({ fallback: ["d"] })).rejects.toThrow('"fallback" names "d"');
  });

  it("17. leaves time to fall over when the time of the whole call is shorter than that of an attempt", async () => {
    const { ask } = setUp({ a: hangs, b: takes(900, "b") });
    const outcome = await ask({ deadlineMs: 2_000 });
    expect(outcome.story).toEqual(["a timed_out +0", "b answered +0"]);
    expect(outcome.route?.durationMs).toBe(1_900);
  });

  it("18. gives each candidate its own time", async () => {
    const { ask } = setUp(
      { a: takes(3_000, "a"), b: takes(3_000, "b") },
      { providers: { a: { attempt_ms: 1_000 } } },
    );
    const { route } = await ask();
    expect(route?.attempts).toMatchObject([{ durationMs: 1_000 }, { candidate: "b", durationMs: 3_000 }]);
  });
});

describe("load", () => {
  it("19. sends what is too much for the first candidate to the idle one", async () => {
    const { start, run } = setUp(
      { a: takes(1_000, "a"), b: takes(1_000, "b") },
      { limits: { max_concurrency: 2 } },
    );
    const calls = await Promise.all(Array.from({ length: 4 }, () => start()).map(run));
    expect(calls.map(({ by }) => by)).toEqual(["a", "a", "b", "b"]);
    expect(calls[3]?.route?.skipped).toEqual([{ candidate: "a", reason: "all its places are taken" }]);
    expect(calls[3]?.route?.durationMs).toBe(1_000);
  });

  it("20. never asks a candidate for more at the same time than it may do", async () => {
    let active = 0;
    let most = 0;
    const busy: Play = async (call, clock) => {
      active += 1;
      most = Math.max(most, active);
      const text = await takes(100, "a")(call, clock);
      active -= 1;
      return text;
    };
    const { start, run } = setUp({ a: busy }, { providers: { a: { max_concurrency: 3 } } });
    await Promise.all(Array.from({ length: 10 }, () => start()).map(run));
    expect(most).toBe(3);
  });

  it("21. keeps to the requests of a minute before the service refuses any", async () => {
    const { ask } = setUp(
      { a: answers("a"), b: answers("b") },
      { providers: { a: { requests_per_minute: 2 } } },
    );
    const by: string[] = [];
    for (let call = 0; call < 4; call += 1) by.push((await ask()).by);
    expect(by).toEqual(["a", "a", "b", "b"]);
  });

  it("22. keeps to the tokens of a minute, and counts what an answer really used", async () => {
    const clock = createFakeClock();
    const usage = { inputTokens: 50, outputTokens: 450 };
    const house: LLMRuntime = { generateText: async () => ({ text: "a", provider: "a", usage }) };
    const router = createLLMRouter({
      config: { profiles: { fast: ["house"] }, providers: { house: { tokens_per_minute: 1_000 } } },
      providers: { house },
      clock,
    });
    const waits: number[] = [];
    for (let call = 0; call < 3; call += 1) {
      const { route } = await clock.run(router.generateText({ prompt: "Hello" }));
      waits.push(route?.attempts[0]?.waitedMs ?? -1);
    }
    expect(waits).toEqual([0, 0, 61_000]);
  });
});

describe("streams", () => {
  const stream = (work: Parameters<typeof createStream>[1]): LLMRuntime => ({
    generateText: () => Promise.reject(new Error("It streams.")),
    streamText: ({ signal }) => createStream(signal, work),
  });
  const whole: LLMRuntime = { generateText: async () => ({ text: "b", provider: "b" }) };
  const read = async (a: LLMRuntime) => {
    const clock = createFakeClock();
    const router = createLLMRouter({ providers: { a, b: whole }, clock, random: () => 0.5 });
    return clock.run(settled(router.streamText({ prompt: "Hello" }).result));
  };

  it("23. falls over when a stream does not begin in time, and not once it has begun", async () => {
    const late = stream(
      (_, signal) =>
        new Promise((__, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    expect((await read(late)).story).toEqual(["a timed_out +0", "b answered +0"]);
    const broken = stream(async (emit) => {
      await emit("Aho");
      throw Object.assign(new Error("gone"), { status: 503 });
    });
    expect(await read(broken)).toMatchObject({ by: "ATLAS_LLM_TRUNCATED", story: ["a unavailable +0"] });
  });

  it("24. retries and falls over when the first event says that the service is overloaded, or an answer does not fit its window", async () => {
    const overloaded = stream(async () => {
      throw Object.assign(new Error("Overloaded"), { status: 529 });
    });
    expect((await read(overloaded)).story).toEqual([
      "a unavailable +0",
      "a unavailable +250",
      "a unavailable +500",
      "b answered +0",
    ]);
    const { ask } = setUp(
      {
        a: refuses("ATLAS_LLM_REJECTED", "The answer ended: model_context_window exceeded."),
        large: answers("large"),
      },
      { profiles: { fast: { candidates: ["a"], context_window_fallback: ["large"] } } },
    );
    expect((await ask()).story).toEqual(["a rejected +0", "large answered +0"]);
  });
});

function fiveTimes(play: Play): readonly [Play, ...Play[]] {
  return [play, play, play, play, play];
}

function twice(...plays: readonly Play[]): readonly Play[] {
  return [...plays, ...plays];
}
