import fc from "fast-check";
import { expect, it } from "vitest";
import { visible, visibleJson } from "../../src/output/visible.ts";

it.each([
  ["an escape sequence", "\u001b]52;c;AAAA\u0007", String.raw`\x1b]52;c;AAAA\x07`],
  ["an 8-bit control", "\u009b31m", String.raw`\x9b31m`],
  ["line breaks", "a\r\nb\tc", String.raw`a\r\nb\tc`],
  ["a mark that turns text around", "a\u202eb", String.raw`a\u{202e}b`],
  ["half of a pair", "a\ud800b", String.raw`a\u{d800}b`],
  ["a zero-width space", "a\u200bb", String.raw`a\u{200b}b`],
])("shows %s instead of obeying it", (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

it("leaves other text as it is", () => {
  expect(visible("Ä 你好 🚀 {}")).toBe("Ä 你好 🚀 {}");
});

it("keeps line breaks and tabs where lines are wanted, and nothing else", () => {
  expect(visible("a\n\tb\r\u001b", { lines: true })).toBe(String.raw`a
	b\r\x1b`);
});

it("leaves no control character, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(visible(text)).not.toMatch(/\p{Cc}/u);
      expect(visibleJson({ text })).not.toMatch(/\p{Cc}/u);
      expect(JSON.parse(visibleJson({ text }))).toEqual({ text });
    }),
  );
});
