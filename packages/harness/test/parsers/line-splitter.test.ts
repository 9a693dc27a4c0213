import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineSplitter } from "../../src/parsers/line-splitter.ts";

function split(pieces: readonly string[], longest?: number) {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line), longest);
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return { lines, isCut: splitter.isCut };
}

describe("the split into lines", () => {
  it.each<[string, readonly string[]]>([
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\n\nb", ["a", "", "b"]],
    ["a\r\nb\r", ["a", "b"]],
    ["a\rb\n", ["a\rb"]],
    ["\n", [""]],
  ])("of %j is %j", (text, lines) => {
    expect(split([text])).toEqual({ lines, isCut: false });
  });

  it("cuts a line that is too long, and says so", () => {
    expect(split(["abcd\r\nabcde\nab"], 4)).toEqual({ lines: ["abcd", "abcd", "ab"], isCut: true });
    expect(split(["abcd\r\n"], 4).isCut).toBe(false);
    expect(split(["abc\u{1F600}\n"], 4).lines).toEqual(["abc\uFFFD"]);
  });

  it("is the same however the text comes", () => {
    const text = fc.array(fc.constantFrom("a", "b", "\r", "\n", "\r\n", "é"), { maxLength: 30 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (pieces, longest) => {
        expect(split(pieces, longest)).toEqual(split([pieces.join("")], longest));
      }),
    );
  });
});
