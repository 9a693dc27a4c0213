import { expect, it } from "vitest";
import { filesLike, readText, trackedFiles } from "./support/checkout.ts";

const decisions = filesLike("docs/decisions/*.md").map((path) => path.slice("docs/decisions/".length));

it("numbers the decisions from 1 without a hole", () => {
  expect(decisions.map((name) => Number(/^(\d{4})-[\w-]+\.md$/.exec(name)?.[1]))).toEqual(
    decisions.map((_, index) => index + 1),
  );
});

it.each(decisions)("%s repeats its number in its title and says what was decided and why", (name) => {
  const text = readText(`docs/decisions/${name}`);
  expect(text).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. \\S`));
  for (const part of ["Context", "Decision", "Consequences", "Alternatives"]) {
    expect(text).toContain(`\n**${part}.** `);
  }
});

it("refers only to decisions that exist", () => {
  const known = decisions.map((name) => name.slice(0, 4));
  const dangling = trackedFiles()
    .filter((file) => /\.(ts|md|json)$/.test(file) && filesLike(file).length > 0)
    .flatMap((file) =>
      [...readText(file).matchAll(/decisions\/(\d{4}-[\w-]+\.md)|\bdecision (\d{1,4})\b/gi)]
        .filter(([, path, number]) =>
          path === undefined ? !known.includes(String(number).padStart(4, "0")) : !decisions.includes(path),
        )
        .map(([reference]) => `${file} → ${reference}`),
    );
  expect(dangling).toEqual([]);
});
