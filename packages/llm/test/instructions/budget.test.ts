import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Budget,
  createSection,
  estimateTokens,
  fitSections,
  type Section,
} from "../../src/instructions/budget.ts";

const unlimited: Budget = { maxCharacters: 1e9, maxTokens: 1e9, countTokens: estimateTokens };

const section = (text: string, budget = unlimited): Section =>
  createSection({ kind: "skill_list" }, { before: "<list>", text, after: "</list>" }, budget);

const fit = (texts: readonly string[], budget: Partial<Budget>) => {
  const sections = texts.map((text) => section(text, { ...unlimited, ...budget }));
  return [...fitSections(sections, { ...unlimited, ...budget }).values()];
};

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `This is line ${String(index).padStart(4, "0")}.`).join("\n");

describe("the budget", () => {
  it("gives what fits as it is", () => {
    expect(fit(["One.", "Two."], {}).map(({ text }) => text)).toEqual([
      "<list>\nOne.\n</list>",
      "<list>\nTwo.\n</list>",
    ]);
  });

  it("cuts at the end of a line, says so, and gives nothing to what comes after", () => {
    const [first, second] = fit([lines(100), lines(100)], { maxCharacters: 1_000 });
    expect(first?.text).toMatch(/^<list>\nThis is line 0000\.\n/);
    expect(first?.text).toMatch(/This is line \d{4}\.\n\[cut: \d+ of 1899 characters\]\n<\/list>$/);
    expect(first?.text.length).toBeGreaterThan(950);
    expect(first?.injected).toMatchObject({ totalCharacters: 1_899 });
    expect(second).toEqual({
      text: "",
      injected: { kind: "skill_list", characters: 0, totalCharacters: 1_899, tokens: 0 },
    });
  });

  it("leaves out what would only have a stump, and tries the next one", () => {
    const [first, second] = fit([lines(100), "Short."], { maxCharacters: 200 });
    expect([first?.text, second?.text]).toEqual(["", "<list>\nShort.\n</list>"]);
  });

  it("counts tokens as it is told", () => {
    const countTokens = (text: string): number => text.split(/\s+/).length;
    const [only] = fit([lines(100)], { maxTokens: 100, countTokens });
    expect(only?.injected.tokens).toBeLessThanOrEqual(100);
    expect(only?.injected.tokens).toBeGreaterThan(90);
  });

  it("cuts one endless line in the middle, but no character", () => {
    const [only] = fit(["🙂".repeat(5_000)], { maxCharacters: 1_001 });
    expect(only?.text.length).toBeGreaterThan(900);
    expect(only?.text.isWellFormed()).toBe(true);
  });

  it("is kept whatever it is given", () => {
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom("a", "🙂", "\n", " ", "語"), maxLength: 2_000 }),
      {
        maxLength: 6,
      },
    );
    const nat = fc.nat({ max: 3_000 });
    fc.assert(
      fc.property(texts, nat, nat, (list, maxCharacters, maxTokens) => {
        const fitted = fit(list, { maxCharacters, maxTokens });
        const total = (of: (one: (typeof fitted)[number]) => number) =>
          fitted.reduce((sum, one) => sum + of(one), 0);
        expect(total(({ text }) => text.length)).toBeLessThanOrEqual(maxCharacters);
        expect(total(({ text }) => estimateTokens(text))).toBeLessThanOrEqual(maxTokens);
        expect(total(({ injected }) => injected.tokens)).toBe(total(({ text }) => estimateTokens(text)));
      }),
    );
  });
});

describe("the estimate of tokens", () => {
  it("takes four characters of Latin script for a token, and one of any other", () => {
    expect(estimateTokens("")).toBe(0);
    expect(estimateTokens("four fünf")).toBe(3);
    expect(estimateTokens("日本語")).toBe(3);
  });
});
