import fc from "fast-check";
import { expect, it } from "vitest";
import { tableLines } from "../../src/output/table.ts";
import { cutToWidth, textWidth } from "../../src/output/text-width.ts";

interface Row {
  readonly name: string;
  readonly count?: number;
}

const columns = [
  { title: "NAME", value: ({ name }: Row) => name },
  { title: "COUNT", value: ({ count }: Row) => count, align: "right" as const },
];

it("puts a title above each column, and a dash where there is nothing", () => {
  expect(tableLines(columns, [{ name: "first", count: 10 }, { name: "b" }])).toEqual([
    "NAME   COUNT",
    "first     10",
    "b          -",
  ]);
});

it("cuts the widest column so that a line fits the terminal", () => {
  const lines = tableLines(columns, [{ name: "a".repeat(100), count: 1 }], { width: 30 });
  expect(lines[1]).toBe(`${"a".repeat(22)}…      1`);
  expect(Math.max(...lines.map(textWidth))).toBe(30);
});

it("cuts nothing where there is no terminal", () => {
  expect(tableLines(columns, [{ name: "a".repeat(100), count: 1 }])[1]).toContain("a".repeat(100));
});

it("paints a cell that has its final width", () => {
  const painted = [{ title: "NAME", value: ({ name }: Row) => name, paint: (cell: string) => `<${cell}>` }];
  expect(tableLines(painted, [{ name: "ab" }])).toEqual(["NAME", "<ab>"]);
});

it("shows control characters of the data", () => {
  expect(tableLines(columns, [{ name: "\u001b[2J\n" }])[1]).toContain(String.raw`\x1b[2J\n`);
});

it("counts wide characters as the terminal draws them", () => {
  expect(["abc", "你好", "🚀", "é", "e\u0301"].map(textWidth)).toEqual([3, 4, 2, 1, 1]);
  expect(cutToWidth("你好世界", 5)).toBe("你好…");
});

it("never makes a line wider than the terminal, if it is at least 40 wide", () => {
  const row = fc.record({ name: fc.string({ unit: "grapheme" }), count: fc.integer() });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), fc.integer({ min: 40, max: 200 }), (rows, width) => {
      for (const line of tableLines(columns, rows, { width }))
        expect(textWidth(line)).toBeLessThanOrEqual(width);
    }),
  );
});
