import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesOf } from "../../src/config/profile.ts";
import { defaultPolicy as policy } from "../../src/index.ts";
import { nextMove, type Situation } from "../../src/router/failover.ts";
import { kinds } from "../support/kinds.ts";

const kind = fc.constantFrom(...kinds);
const retryAfterMs = fc.option(fc.integer({ min: 0, max: 1e13 }), { nil: undefined });
const situation: fc.Arbitrary<Situation> = fc
  .record({
    kind,
    retryAfterMs,
    tries: fc.integer({ min: 1, max: 6 }),
    retries: fc.integer({ min: 0, max: 4 }),
    isCommitted: fc.boolean(),
    remainingMs: fc.integer({ min: 0, max: 120_000 }),
    failsOverOnRejected: fc.boolean(),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  .map(({ kind, retryAfterMs, ...rest }) => ({
    ...rest,
    failure: { kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    policy,
  }));

describe("what happens after a failed attempt", () => {
  it("depends on the situation alone", () => {
    fc.assert(
      fc.property(situation, (given) => {
        expect(nextMove(given)).toEqual(nextMove({ ...given }));
      }),
    );
  });

  it("never waits longer than the call has time for, nor than 60 s, nor tries more often than allowed", () => {
    fc.assert(
      fc.property(situation, (given) => {
        const next = nextMove(given);
        if (next.move !== "retry") return;
        expect(next.waitMs).toBeLessThan(given.remainingMs);
        expect(next.waitMs).toBeLessThanOrEqual(policy.maxRetryAfterMs);
        expect(given.tries).toBeLessThanOrEqual(given.retries);
      }),
    );
  });

  it("never goes on after a part was given away, nor after the caller gave up", () => {
    fc.assert(
      fc.property(situation, (given) => {
        expect(nextMove({ ...given, isCommitted: true }).move).toBe("stop");
        expect(nextMove({ ...given, failure: { kind: "aborted" } }).move).toBe("stop");
      }),
    );
  });
});

describe("who may be asked", () => {
  const names = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 6 });

  it("is everybody listed, each once, in the order of profile, default profile, fallback", () => {
    fc.assert(
      fc.property(names, names, names, (one, usual, fallback) => {
        const config = { default_profile: "usual", profiles: { one, usual }, fallback };
        const order = candidatesOf(config, "one").map(({ candidate }) => candidate);
        expect(order).toEqual([...new Set([...one, ...usual, ...fallback])]);
      }),
    );
  });
});
