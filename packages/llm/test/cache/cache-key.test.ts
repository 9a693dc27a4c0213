import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cacheKey } from "../../src/cache/cache-key.ts";
import type { LLMOptions } from "../../src/index.ts";

const text = fc.string({ unit: "binary", maxLength: 8 });
const texts = fc.array(text, { maxLength: 2 });

/** Every field of a call that can reach a provider or decides who is asked. */
const reaching = {
  system: text,
  prompt: text,
  messages: fc.array(
    fc.record({ role: fc.constantFrom("user" as const, "assistant" as const), content: text }),
    {
      maxLength: 2,
    },
  ),
  profile: text,
  fallback: texts,
  model: text,
  temperature: fc.constantFrom(0, 0.5, 1),
  maxTokens: fc.nat(9),
  tags: texts,
  skills: texts,
  json: fc.record(
    {
      schema: fc.dictionary(text, text, { maxKeys: 2 }),
      strictSchema: fc.dictionary(text, text, { maxKeys: 2 }),
    },
    { requiredKeys: [] },
  ),
} satisfies { readonly [Name in Exclude<keyof LLMOptions, Apart>]: fc.Arbitrary<LLMOptions[Name]> };

type Apart = "context" | "signal" | "deadlineMs" | "onRoute" | "fresh";

const call = fc.record(reaching, { requiredKeys: [] });

describe("the key of a call", () => {
  it("is the same exactly for calls that reach a provider the same", () => {
    fc.assert(
      fc.property(call, call, (one, other) => {
        // Two calls by chance differ in nearly everything, so the second takes over all fields of the first but one.
        const [name] = Object.keys(other);
        const near = name === undefined ? one : { ...one, [name]: Reflect.get(other, name) };
        for (const second of [other, near]) {
          const areSame = same(one) === same(second);
          expect(cacheKey(one, "") === cacheKey(second, "")).toBe(areSame);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("does not depend on the order of the fields, nor on fields that are undefined", () => {
    // Sound at run time: callers without types leave fields undefined.
    const odd = { prompt: "b", system: "a", model: undefined } as unknown as LLMOptions;
    expect(cacheKey(odd, "")).toBe(cacheKey({ system: "a", prompt: "b" }, ""));
  });

  it("does not depend on what stays here", () => {
    const apart = {
      context: { actor: "user:ada" },
      signal: new AbortController().signal,
      deadlineMs: 5,
      onRoute: () => undefined,
      fresh: true,
    } satisfies Required<Pick<LLMOptions, Apart>>;
    expect(cacheKey({ prompt: "Hello", ...apart }, "")).toBe(cacheKey({ prompt: "Hello" }, ""));
  });

  it("depends on the namespace, on the order of a schema, and on where one text ends and the next begins", () => {
    const keys = [
      cacheKey({ prompt: "a" }, ""),
      cacheKey({ prompt: "a" }, "b"),
      cacheKey({ prompt: "a", json: { schema: { x: 1, y: 2 } } }, ""),
      cacheKey({ prompt: "a", json: { schema: { y: 2, x: 1 } } }, ""),
      cacheKey({ messages: [{ role: "user", content: "a" }] }, ""),
      cacheKey({ system: "ab", prompt: "c" }, ""),
      cacheKey({ system: "a", prompt: "bc" }, ""),
      cacheKey({ system: "a" }, ""),
      cacheKey({ profile: "a" }, ""),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});

function same(one: object): string {
  return JSON.stringify(Object.entries(one).sort(([left], [right]) => (left < right ? -1 : 1)));
}
