import { describe, expect, it } from "vitest";
import { parseGlob } from "../../src/parsers/glob.ts";

describe("a glob", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["*.md", ["a.md", ".md".replace(".", "x.")], ["a/b.md", "a.txt", ".hidden.md", "md"]],
    ["**/*.md", ["a.md", "a/b.md", "a/b/c.md"], ["a.txt"]],
    ["docs/**", ["docs/a", "docs/a/b"], ["doc", "x/docs/a"]],
    ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/x", "b"]],
    ["?.txt", ["a.txt", "é.txt", "\u{1F600}.txt"], ["ab.txt", ".txt"]],
    ["[a-c]*.ts", ["a.ts", "cat.ts"], ["d.ts"]],
    ["[!a]*.ts", ["b.ts"], ["a.ts"]],
    ["*.{md,txt}", ["a.md", "a.txt"], ["a.js"]],
    ["{a,b{1,2}}.x", ["a.x", "b1.x", "b2.x"], ["b.x"]],
    [".env*", [".env", ".env.local"], ["env"]],
    ["./out/*", ["out/a"], ["a"]],
    ["a+b(c).txt", ["a+b(c).txt"], ["aab(c).txt"]],
    ["[", ["["], ["x"]],
  ])("%s", (pattern, matching, others) => {
    const glob = parseGlob(pattern);
    for (const path of matching) expect([path, glob.matches(path)]).toEqual([path, true]);
    for (const path of others) expect([path, glob.matches(path)]).toEqual([path, false]);
    for (const path of matching) {
      const folders = path.split("/").slice(0, -1);
      for (let depth = 1; depth <= folders.length; depth += 1) {
        expect(glob.reachesInto(folders.slice(0, depth).join("/"))).toBe(true);
      }
    }
  });

  it("does not look into folders in which nothing can match", () => {
    expect(parseGlob("docs/*.md").reachesInto("src")).toBe(false);
    expect(parseGlob("*.md").reachesInto("docs")).toBe(false);
    expect(parseGlob("docs/*.md").reachesInto("docs/deep")).toBe(false);
  });

  it("compares a pattern full of stars with a long name", () => {
    expect(parseGlob(`${"*a".repeat(60)}b`).matches("a".repeat(5_000))).toBe(false);
    expect(parseGlob(`${"**/a/".repeat(30)}b`).matches("a/".repeat(2_000))).toBe(false);
  });
});
