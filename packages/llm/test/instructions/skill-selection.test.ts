import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LLMOptions } from "../../src/contract/runtime.ts";
import type { Skill } from "../../src/instructions/skill.ts";
import { selectSkills } from "../../src/instructions/skill-selection.ts";

const skills: readonly Skill[] = [
  skill("release-notes", "Writes release notes from a list of commits. Use when a changelog is due.", [
    "writing",
  ]),
  skill("pdf-forms", "Fills forms and extracts tables from PDF documents.", ["documents"]),
  skill("sql-review", "Reviews SQL queries for missing indexes.", ["review", "writing"]),
  { name: "secret", tags: ["documents"], body: "Only for those who ask." },
];

const chosen = (options: LLMOptions, most = 3): readonly string[] =>
  selectSkills(skills, options, { most }).selected.map(({ skill, reason }) => `${skill.name} (${reason})`);

describe("the choice of skills", () => {
  it("takes the named ones in the order of the call, and says which are not known", () => {
    const { selected, unknown } = selectSkills(
      skills,
      { skills: ["sql-review", "nope", "secret", "sql-review"], prompt: "release notes from commits" },
      { most: 3 },
    );
    expect(selected.map(({ skill, reason }) => [skill.name, reason])).toEqual([
      ["sql-review", "named"],
      ["secret", "named"],
    ]);
    expect(unknown).toEqual(["nope"]);
  });

  it("takes those that share a tag with the call, by name", () => {
    expect(chosen({ tags: ["writing"], prompt: "?" })).toEqual(["release-notes (tag)", "sql-review (tag)"]);
    expect(chosen({ tags: ["documents"], prompt: "?" })).toEqual(["pdf-forms (tag)", "secret (tag)"]);
    expect(chosen({ tags: ["Writing"], prompt: "?" })).toEqual([]);
  });

  it("takes those whose subject the prompt speaks of, the best first", () => {
    expect(chosen({ prompt: "Please write the release note for these commits." })).toEqual([
      "release-notes (match)",
    ]);
    expect(chosen({ prompt: "Review the SQL queries, then extract the tables of this PDF form." })).toEqual([
      "pdf-forms (match)",
      "sql-review (match)",
    ]);
  });

  it("takes more than one common word to match", () => {
    expect(chosen({ prompt: "release" })).toEqual([]);
    expect(chosen({ prompt: "Use this when you are from a list" })).toEqual([]);
    expect(chosen({ prompt: "release release release releases" })).toEqual([]);
  });

  it("reads the last message of the user where there is no prompt", () => {
    const messages = [
      { role: "user", content: "Review SQL queries" },
      { role: "assistant", content: "PDF forms" },
      { role: "user", content: "Now the release notes from the commits" },
      { role: "assistant", content: "PDF forms, tables" },
    ] as const;
    expect(chosen({ messages })).toEqual(["release-notes (match)"]);
    expect(chosen({})).toEqual([]);
  });

  it("matches nothing by itself where the call names skills, even none, or the host wants none", () => {
    const prompt = "release notes from commits";
    expect(chosen({ prompt, skills: [] })).toEqual([]);
    expect(chosen({ prompt }, 0)).toEqual([]);
    expect(chosen({ prompt: "Review SQL, PDF forms, tables" }, 1)).toEqual(["pdf-forms (match)"]);
  });

  it("looks at the beginning of an endless prompt only", () => {
    const prompt = `${"x ".repeat(5_000_000)} release notes commits`;
    expect(chosen({ prompt })).toEqual([]);
  });

  it("never chooses one twice, and never depends on the order of the skills", () => {
    const words = fc.constantFrom(
      "release",
      "notes",
      "commits",
      "PDF",
      "forms",
      "tables",
      "SQL",
      "review",
      "and",
    );
    const call = fc.record(
      {
        prompt: fc.array(words).map((list) => list.join(" ")),
        tags: fc.array(fc.constantFrom("writing", "documents", "other"), { maxLength: 3 }),
        skills: fc.array(fc.constantFrom("secret", "pdf-forms"), { maxLength: 3 }),
      },
      { requiredKeys: ["prompt"] },
    );
    fc.assert(
      fc.property(call, fc.shuffledSubarray([...skills], { minLength: 4 }), (options, shuffled) => {
        const names = (list: readonly Skill[]) =>
          selectSkills(list, options, { most: 3 }).selected.map(({ skill }) => skill.name);
        expect(names(shuffled)).toEqual(names(skills));
        expect(new Set(names(skills)).size).toBe(names(skills).length);
      }),
    );
  });
});

function skill(name: string, description: string, tags: readonly string[]): Skill {
  return { name, description, tags, body: `How to ${name}.` };
}
