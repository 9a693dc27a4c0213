import { describe, expect, it } from "vitest";
import { parseSkill } from "../../src/instructions/skill.ts";
import { skillFile } from "../support/folder.ts";

async function parse(text: string, folder = "release-notes") {
  const warnings: string[] = [];
  const skill = await parseSkill(text, { folder, warn: (problem) => void warnings.push(problem) });
  return { skill, warnings };
}

describe("a SKILL.md", () => {
  it("says its name, what it is for, its tags and its text", async () => {
    const { skill, warnings } = await parse(
      skillFile(
        "name: release-notes\ndescription: >\n  Writes release notes.\n  Use it for changelogs.\nlicense: MIT\nmetadata:\n  tags: release, writing",
        "# Release notes\n\nBe brief.",
      ),
    );
    expect(skill).toEqual({
      name: "release-notes",
      description: "Writes release notes. Use it for changelogs.",
      tags: ["release", "writing"],
      body: "# Release notes\n\nBe brief.",
    });
    expect(warnings).toEqual([]);
  });

  it("may hold a line of dashes in its text, and lists its tags as it likes", async () => {
    const { skill } = await parse(
      skillFile("name: release-notes\ndescription: d\nmetadata:\n  tags: [a, b c]", "one\n\n---\n\ntwo"),
    );
    expect(skill.body).toBe("one\n\n---\n\ntwo");
    expect(skill.tags).toEqual(["a", "b c"]);
  });

  it("without frontmatter keeps its folder's name and all of its text", async () => {
    for (const text of [
      "# Notes\n",
      "",
      "text\n---\nname: x\n---\n",
      "---\nname: never closed\n",
      "--- \nx",
    ]) {
      const { skill, warnings } = await parse(text);
      expect(skill).toEqual({ name: "release-notes", tags: [], body: text.trim() });
      expect(warnings).toEqual([
        expect.stringContaining("has no frontmatter"),
        expect.stringContaining("no description"),
      ]);
    }
  });

  it("is read as was meant where a text holds a colon", async () => {
    const { skill, warnings } = await parse(
      skillFile('name: release-notes\ndescription: Use when: "notes" are due # soon', "Body"),
    );
    expect(skill.description).toBe('Use when: "notes" are due # soon');
    expect(warnings).toEqual([expect.stringMatching(/read as if its texts were quoted: .* at line 2/)]);
  });

  const ten = (name: string): string => `[${`*${name},`.repeat(10)}]`;
  it.each([
    ["an open bracket", "name: [1", "line 2"],
    ["a list", "- a\n- b", "not a list of fields"],
    ["nothing", "", "not a list of fields"],
    ["a bomb of aliases", `a: &a [1]\nb: &b ${ten("a")}\nc: &c ${ten("b")}\nd: ${ten("c")}`, "alias"],
    ["lists without end", `a: ${"[".repeat(2_000)}`, "line"],
  ])("with %s for frontmatter keeps its folder's name and its text", async (_, yaml, reason) => {
    const { skill, warnings } = await parse(skillFile(yaml, "Body"));
    expect(skill).toEqual({ name: "release-notes", tags: [], body: "Body" });
    expect(warnings[0]).toMatch(/^has invalid frontmatter, which is ignored/);
    expect(warnings[0]).toContain(reason);
  });

  it("warns of each departure from the format, and goes on", async () => {
    const { skill, warnings } = await parse(
      skillFile(`name: Release  Notes\ndescription: ${"long ".repeat(400)}\nmetadata:\n  tags: 7`, "Body"),
    );
    expect(skill.name).toBe("Release Notes");
    expect(skill.description).toHaveLength(1_024);
    expect(skill.tags).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining('its folder is named "release-notes"'),
      expect.stringContaining("lower-case letters, digits and single hyphens"),
      expect.stringContaining("more than 1024 characters"),
      expect.stringContaining("tags"),
    ]);
  });

  it("takes fields that are not texts for missing, and a field named __proto__ for nothing special", async () => {
    const { skill, warnings } = await parse(
      skillFile("__proto__:\n  name: evil\nname: 7\ndescription:\n  a: b\nmetadata: 3", "Body"),
    );
    expect(skill).toEqual({ name: "release-notes", tags: [], body: "Body" });
    expect(Object.hasOwn(Object.prototype, "name")).toBe(false);
    expect(warnings).toEqual([
      expect.stringContaining("has no name"),
      expect.stringContaining("no description"),
    ]);
  });
});
