import { posix } from "node:path";
import { didYouMean, nearestName } from "@atlas/routing/internal";
import { LLMError } from "../contract/errors.ts";
import type { InjectedInstruction } from "../contract/injected.ts";
import type { LLMOptions } from "../contract/runtime.ts";
import type { AgentsFile } from "./agents-file.ts";
import { type Budget, createSection, fitSections, type Section } from "./budget.ts";
import type { Snapshot } from "./instruction-files.ts";
import type { SkillFile } from "./skill-files.ts";
import type { InstalledSkill } from "./skill-folders.ts";
import { type SelectedSkill, selectSkills } from "./skill-selection.ts";

/** The instructions of a call, and the parts that they are made of. */
export interface Composed {
  readonly text: string;
  readonly injected: readonly InjectedInstruction[];
}

/**
 * Creates a function that composes the instructions of a call. The text begins with the `AGENTS.md` of the root; then come
 * the nearest one, the list of skills, the selected skills, and their files. Calls that select the same skills of a snapshot
 * share the text.
 */
export function createComposer({
  maxMatches,
  budget,
}: {
  readonly maxMatches: number;
  readonly budget: Budget;
}): (snapshot: Snapshot, options: LLMOptions) => Promise<Composed> {
  const composed = new WeakMap<Snapshot, Map<string, Promise<Composed>>>();

  return (snapshot, options) => {
    const { selected, unknown } = selectSkills(snapshot.skills, options, { most: maxMatches });
    if (unknown.length > 0) throw unknownSkill(unknown[0] ?? "", snapshot.skills);
    const texts = composed.get(snapshot) ?? new Map<string, Promise<Composed>>();
    composed.set(snapshot, texts);
    const key = JSON.stringify(selected.map(({ skill, reason }) => [reason, skill.name]));
    const text = texts.get(key) ?? compose(snapshot, selected);
    texts.set(key, text);
    return text;
  };

  async function compose(snapshot: Snapshot, selected: readonly SelectedSkill<InstalledSkill>[]) {
    const agents = snapshot.agentsFiles.map((file) => agentsSection(file, budget));
    const list = listSection(snapshot.skills, budget);
    const skills = selected.map((one) => skillSection(one, budget));
    const files = await Promise.all(
      selected.map(async ({ skill }) =>
        (await snapshot.filesOf(skill)).map((file) => fileSection(skill, file, budget)),
      ),
    );
    const isNamed = (_: Section, index: number): boolean => selected[index]?.reason === "named";
    const fitted = fitSections(
      [
        ...skills.filter(isNamed),
        ...agents.toReversed(),
        ...list,
        ...skills.filter((section, index) => !isNamed(section, index)),
        ...files.flat(),
      ],
      budget,
    );
    const inOrder = [...agents, ...list, ...skills, ...files.flat()].flatMap(
      (section) => fitted.get(section) ?? [],
    );
    return {
      text: inOrder
        .map(({ text }) => text)
        .filter((text) => text !== "")
        .join("\n\n"),
      injected: inOrder.map(({ injected }) => injected),
    };
  }
}

function agentsSection({ path, text }: AgentsFile, budget: Budget): Section {
  const before = `<instructions path=${JSON.stringify(path)}>`;
  return createSection({ kind: "agents_file", path }, { before, text, after: "</instructions>" }, budget);
}

/** The list of skills, or nothing if no skill has a description. */
function listSection(skills: readonly InstalledSkill[], budget: Budget): readonly Section[] {
  const lines = skills.flatMap(({ name, description }) =>
    description === undefined ? [] : [`- ${name}: ${description}`],
  );
  if (lines.length === 0) return [];
  const parts = { before: "<available_skills>", text: lines.join("\n"), after: "</available_skills>" };
  return [createSection({ kind: "skill_list" }, parts, budget)];
}

function skillSection({ skill, reason }: SelectedSkill<InstalledSkill>, budget: Budget): Section {
  const { name, path, body: text } = skill;
  const before = `<skill name=${JSON.stringify(name)}>`;
  return createSection(
    { kind: "skill", skill: name, path, reason },
    { before, text, after: "</skill>" },
    budget,
  );
}

function fileSection({ name, path }: InstalledSkill, file: SkillFile, budget: Budget): Section {
  const source = {
    kind: "skill_file",
    skill: name,
    path: posix.join(posix.dirname(path), file.path),
  } as const;
  const before = `<skill_file skill=${JSON.stringify(name)} path=${JSON.stringify(file.path)}>`;
  return createSection(source, { before, text: file.text, after: "</skill_file>" }, budget);
}

function unknownSkill(skill: string, known: readonly InstalledSkill[]): LLMError {
  const names = known.map(({ name }) => name);
  const nearest = nearestName(skill, names);
  const list =
    names.length === 0 ? "No skill is installed." : `Known skills: ${names.slice(0, 20).join(", ")}.`;
  return new LLMError(
    "ATLAS_LLM_SKILL_UNKNOWN",
    { skill, ...(nearest === undefined ? {} : { nearest }) },
    `There is no skill "${skill}".${didYouMean(skill, names)} ${list} Correct the name, or add a folder "${skill}" with a SKILL.md.`,
  );
}
