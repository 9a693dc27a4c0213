import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FailureKind, defaultPolicy as policy, type RoutingPolicy } from "../../src/index.ts";
import {
  type Circuit,
  circuitAfter,
  circuitState,
  closedCircuit,
  cooldownMs,
  probing,
} from "../../src/router/circuit.ts";
import { kinds } from "../support/kinds.ts";

type Outcome = "answered" | FailureKind;

/** A circuit as calls use it: an attempt begins only where the circuit allows it, and ends at any later time. */
function play(given: RoutingPolicy = policy) {
  let now = 0;
  let circuit: Circuit = closedCircuit;
  return {
    get circuit() {
      return circuit;
    },
    get state() {
      return circuitState(circuit, now);
    },
    pass(ms: number) {
      now += ms;
    },
    /** Begins an attempt, and returns the function that ends it. */
    begin() {
      const { state } = circuitState(circuit, now);
      if (state === "open") return undefined;
      if (state === "half_open") circuit = probing(circuit);
      const startedAt = now;
      return (outcome: Outcome, retryAfterMs?: number, isGivenUp = true): void => {
        const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
        circuit = circuitAfter(circuit, outcome, { startedAt, now, ...asked, isGivenUp, policy: given });
      };
    },
    /** Makes attempts that end at once. */
    attempts(...outcomes: readonly Outcome[]) {
      for (const outcome of outcomes) this.begin()?.(outcome);
    },
  };
}

const fiveFailures = Array.from({ length: 5 }, () => "failed" as const);

describe("a circuit", () => {
  it.each<[string, Outcome, number | undefined]>([
    ["failures", "failed", undefined],
    ["a rate limit", "rate_limited", 20_000],
    ["a wrong key", "misconfigured", undefined],
  ])("stays open after %s when an attempt that was under way is answered", (_, outcome, retryAfterMs) => {
    const one = play({ ...policy, failuresToOpen: 1 });
    const early = one.begin();
    one.begin()?.(outcome, retryAfterMs);
    const { circuit } = one;
    early?.("answered");
    expect(one.state.state).toBe("open");
    expect(one.circuit).toEqual(circuit);
  });

  it("is not opened or closed by outcomes that say nothing about the candidate", () => {
    for (const kind of ["aborted", "rejected"] as const) {
      const update = { startedAt: 0, now: 0, isGivenUp: true, policy };
      expect(circuitAfter(closedCircuit, kind, update)).toBe(closedCircuit);
    }
  });

  it("keeps a longer pause when an attempt that was under way asks for a shorter one", () => {
    const one = play();
    const early = one.begin();
    one.attempts("misconfigured");
    early?.("rate_limited", 2_000);
    expect(one.state).toMatchObject({ why: "misconfigured", waitMs: 300_000 });
  });

  it("grows its pause when an attempt that was under way asks for a longer one", () => {
    const one = play();
    const early = one.begin();
    one.attempts(...fiveFailures);
    early?.("rate_limited", 50_000);
    expect(one.state).toMatchObject({ why: "rate_limited", waitMs: 50_000 });
  });

  it("lets one attempt probe, whose rate limit keeps the others out", () => {
    const one = play();
    one.attempts(...fiveFailures);
    one.pass(30_000);
    const probe = one.begin();
    expect(one.state).toMatchObject({ state: "open", why: "probed" });
    probe?.("rate_limited", undefined, false);
    expect(one.state).toMatchObject({ state: "open", why: "rate_limited" });
  });

  it.each<Outcome>(["aborted", "rejected"])("gives the place of a probe back that is %s", (outcome) => {
    const one = play();
    one.attempts(...fiveFailures);
    one.pass(30_000);
    const probe = one.begin();
    expect(one.begin()).toBeUndefined();
    probe?.(outcome);
    expect(one.state.state).toBe("half_open");
  });

  it("lets nobody else probe because an attempt from before the pause was aborted", () => {
    const one = play();
    const early = one.begin();
    one.attempts(...fiveFailures);
    one.pass(30_000);
    one.begin();
    early?.("aborted");
    expect(one.state).toMatchObject({ state: "open", why: "probed" });
  });

  it("doubles its cool-down with every failed probe, up to its bound, and starts over after an answer", () => {
    const one = play();
    one.attempts(...fiveFailures);
    const pauses: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const { state } = one;
      const waitMs = state.state === "open" ? (state.waitMs ?? 0) : 0;
      pauses.push(waitMs);
      one.pass(waitMs);
      one.attempts("failed");
    }
    expect(pauses).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    one.pass(300_000);
    one.attempts("answered", ...fiveFailures);
    expect(one.state).toMatchObject({ waitMs: 30_000 });
  });

  it("does not count failures that were under way as repetitions", () => {
    const one = play();
    const early = [one.begin(), one.begin()];
    one.attempts(...fiveFailures);
    for (const end of early) end?.("failed");
    expect(one.state).toMatchObject({ waitMs: 30_000 });
    one.pass(30_000);
    one.attempts("failed");
    expect(one.state).toMatchObject({ waitMs: 60_000 });
  });

  it("opens when most of its recent attempts failed, although never five in a row", () => {
    const one = play();
    one.attempts(
      "failed",
      "failed",
      "answered",
      "failed",
      "failed",
      "answered",
      "failed",
      "answered",
      "failed",
    );
    expect(one.state.state).toBe("closed");
    one.attempts("failed");
    expect(one.state).toMatchObject({
      state: "open",
      reason: "most of its recent attempts failed; it is skipped for another 30 s",
    });
  });

  it("stays closed when half of its attempts fail, or when the failures are old", () => {
    const half = play();
    for (let round = 0; round < 50; round += 1) half.attempts("answered", "failed");
    expect(half.state.state).toBe("closed");
    const old = play();
    old.attempts("failed", "failed", "failed", "failed", "answered", "failed", "failed", "failed", "failed");
    old.pass(60_000);
    old.attempts("answered", "failed");
    expect(old.state.state).toBe("closed");
  });

  it("never opens for failures where the cool-down is 0, and still keeps the pause that a candidate asks for", () => {
    const one = play({ ...policy, cooldownMs: 0 });
    one.attempts(...fiveFailures, ...fiveFailures, "rate_limited");
    expect(one.state.state).toBe("closed");
    one.begin()?.("rate_limited", 4_000);
    expect(one.state).toMatchObject({ why: "rate_limited", waitMs: 4_000 });
  });
});

describe("whatever happens, a circuit", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("begin" as const) }),
    fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
    fc.record({
      do: fc.constant("end" as const),
      which: fc.nat(),
      outcome: fc.constantFrom<Outcome>("answered", ...kinds),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined }),
      isGivenUp: fc.boolean(),
    }),
  );
  const steps = fc.array(step, { maxLength: 60 });

  it("never shortens a pause, and ends it only by an attempt that began after it", () => {
    fc.assert(
      fc.property(steps, (given) => {
        const one = play();
        const underWay: ((...ended: [Outcome, number | undefined, boolean]) => void)[] = [];
        let until = 0;
        let now = 0;
        for (const next of given) {
          if (next.do === "pass") {
            one.pass(next.ms);
            now += next.ms;
          } else if (next.do === "begin") {
            const end = one.begin();
            if (end !== undefined) underWay.push(end);
          } else {
            const [end] = underWay.splice(next.which % Math.max(1, underWay.length), 1);
            end?.(next.outcome, next.retryAfterMs, next.isGivenUp);
          }
          const { state } = one;
          if (now < until) expect(state.state).toBe("open");
          const waitMs = state.state === "open" ? (state.waitMs ?? 0) : 0;
          if (until > now) expect(now + waitMs).toBeGreaterThanOrEqual(until);
          until = now + waitMs;
        }
      }),
    );
  });

  it("is probed by one attempt at a time, and can be asked again once nothing is under way", () => {
    fc.assert(
      fc.property(steps, (given) => {
        const one = play();
        const underWay: ((...ended: [Outcome, number | undefined, boolean]) => void)[] = [];
        for (const next of given) {
          if (next.do === "pass") one.pass(next.ms);
          else if (next.do === "begin") {
            const isProbe = one.state.state === "half_open";
            const end = one.begin();
            if (end !== undefined) underWay.push(end);
            if (isProbe) expect(one.begin()).toBeUndefined();
          } else {
            const [end] = underWay.splice(next.which % Math.max(1, underWay.length), 1);
            end?.(next.outcome, next.retryAfterMs, next.isGivenUp);
          }
        }
        for (const end of underWay) end("aborted", undefined, true);
        one.pass(policy.maxCooldownMs);
        expect(one.state.state).not.toBe("open");
      }),
    );
  });

  it("is never open for longer than five minutes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (openings) => {
        expect(cooldownMs(openings, policy)).toBeLessThanOrEqual(300_000);
        expect(cooldownMs(openings, policy)).toBeGreaterThanOrEqual(30_000);
      }),
    );
  });
});
