import { expect, it } from "vitest";
import { filesLike, readText } from "./support/checkout.ts";

/** The files that guides show as a whole: a comment with the path, and then a block with the content. */
const shown = filesLike("docs/guides/*.md").flatMap((guide) =>
  [...readText(guide).matchAll(/^<!-- (\S+) -->\n\n```[^\n]*\n([\s\S]*?)^```$/gm)].map(
    ([, path = "", content = ""]) => ({ guide, path, content }),
  ),
);

it("finds the files that guides show", () => {
  const marks = filesLike("docs/guides/*.md").flatMap(
    (guide) => readText(guide).match(/^<!-- \S+ -->$/gm) ?? [],
  );
  expect(shown.length).toBeGreaterThanOrEqual(11);
  expect(shown).toHaveLength(marks.length);
});

it.each(shown)("$guide shows $path as it is", ({ path, content }) => {
  expect(content).toBe(readText(path));
});
