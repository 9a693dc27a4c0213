import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesOf, type Profile } from "../../src/config/profile.ts";
import { type Candidate, createMembers } from "../../src/router/candidate.ts";
import { observed } from "../../src/router/latency.ts";
import { inOrder } from "../../src/router/order.ts";
import { defaultPolicy } from "../../src/router/policy.ts";

const costs: Readonly<Record<string, number>> = { a: 5, b: 1, c: 3 };
const members = createMembers<string>(
  new Map(
    ["a", "b", "c", "d", "z"].map((id): [string, Candidate<string>] => {
      const cost = costs[id];
      return [id, { runtime: id, ...(cost === undefined ? {} : { cost }) }];
    }),
  ),
  defaultPolicy,
);

function orderOf(profile: Profile, { now = 0, random = Math.random } = {}): string {
  const config = { profiles: { one: profile }, fallback: ["z"] };
  const listed = candidatesOf(config, "one");
  return inOrder(listed, { profile, members, now, random })
    .map(({ candidate }) => candidate)
    .join("");
}

describe("the order of a profile", () => {
  const candidates = ["d", "a", "b", "c"];

  it("is the listed one by default", () => {
    expect(orderOf(candidates)).toBe("dabcz");
    expect(orderOf({ candidates, order: "listed" })).toBe("dabcz");
  });

  it("by cost begins with the cheapest, and ends with those of unknown cost and the fallback", () => {
    expect(orderOf({ candidates, order: "cost" })).toBe("bcadz");
  });

  it("by latency begins with those that were not observed lately, then the fastest", () => {
    const set = (id: string, ms: number, at: number): void => {
      const member = members.get(id);
      if (member !== undefined) member.latency = observed(undefined, ms, at);
    };
    set("a", 300, 100_000);
    set("b", 200, 100_000);
    set("c", 10, 0);
    expect(orderOf({ candidates, order: "latency" }, { now: 100_000 })).toBe("dcbaz");
    expect(orderOf({ candidates, order: "latency" }, { now: 350_000 })).toBe("dcbaz");
    expect(orderOf({ candidates, order: "latency" }, { now: 500_000 })).toBe("dabcz");
  });

  it("follows a candidate that becomes slow", () => {
    let latency = observed(undefined, 100, 0);
    for (let call = 1; call <= 5; call += 1) latency = observed(latency, 1_000, call);
    expect(latency.averageMs).toBeGreaterThan(800);
  });

  it("by weights asks first in proportion to the weights", () => {
    // Numbers that are spread evenly and are the same in every run (mulberry32).
    let state = 7;
    const random = (): number => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const first = new Map<string, number>();
    for (let call = 0; call < 3_000; call += 1) {
      const name = orderOf({ candidates: ["a", "b"], weights: { a: 3 } }, { random })[0] ?? "";
      first.set(name, (first.get(name) ?? 0) + 1);
    }
    expect((first.get("a") ?? 0) / 3_000).toBeGreaterThan(0.7);
    expect((first.get("a") ?? 0) / 3_000).toBeLessThan(0.8);
  });

  it("by weights keeps every candidate, those with weight 0 last", () => {
    const weight = fc.integer({ min: 0, max: 5 });
    const weights = fc.record({ a: weight, b: weight, c: weight });
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, x) => {
        const order = orderOf({ candidates, weights: given }, { random: () => x });
        expect([...order].sort().join("")).toBe("abcdz");
        const rest = ["a", "b", "c"].filter((id) => given[id as "a"] === 0);
        expect([...order.slice(4 - rest.length, 4)]).toEqual(rest);
      }),
    );
  });
});
