import type { SkillReason } from "../contract/injected.ts";
import type { LLMOptions } from "../contract/runtime.ts";
import type { Skill } from "./skill.ts";

/** A selected skill, and the reason. */
export interface SelectedSkill<Known extends Skill = Skill> {
  readonly skill: Known;
  readonly reason: SkillReason;
}

const PROMPT_CHARACTERS = 20_000;
const SHORTEST_WORD = 3;
const NAME_WORD = 3;
const DESCRIPTION_WORD = 1;
const LEAST_SCORE = 4;
const LEAST_WORDS = 2;

// Words without a subject, and words that occur in every description of a skill.
const COMMON_WORDS = new Set(
  `about after all also and any are ask asked asks before but can could did does doing done each for from get gets give
  given has have her here him his how into its just let like make makes many may more most must need needed needs not now
  off one only other our out over please same she should skill some such take than that the their them then there these
  they this those too under until use used user using very want wants was way well were what when where which while who
  why will with without would you your`.split(/\s+/),
);

/**
 * Selects the skills of a call. It is a pure function of the call and the skills. In this order, it selects:
 *
 * 1. The skills that `skills` names, in its order. Unknown names are returned as `unknown`.
 * 2. The skills that share a tag with `tags`, sorted by name.
 * 3. Unless the call has `skills`: at most `most` skills whose words occur in the first 20,000 characters of the prompt or
 *    of the last user message. Each word of three letters or more counts once: 3 points if it is in the skill's name, 1 if
 *    it is in the description only. A plural `s` and common English words do not count. A skill needs two words and 4 points.
 *    Skills are sorted by points, then by name.
 */
export function selectSkills<Known extends Skill>(
  skills: readonly Known[],
  options: LLMOptions,
  { most }: { readonly most: number },
): { readonly selected: readonly SelectedSkill<Known>[]; readonly unknown: readonly string[] } {
  const { skills: names, tags = [] } = options;
  const selected = new Map<Known, SkillReason>();
  const unknown: string[] = [];
  for (const name of names ?? []) {
    const skill = skills.find((known) => known.name === name);
    if (skill === undefined) unknown.push(name);
    else selected.set(skill, "named");
  }
  if (tags.length > 0) {
    const tagged = skills.filter((skill) => skill.tags.some((tag) => tags.includes(tag)));
    for (const skill of tagged.toSorted(byName)) if (!selected.has(skill)) selected.set(skill, "tag");
  }
  if (names === undefined && most > 0 && skills.length > 0) {
    const others = skills.filter((skill) => !selected.has(skill));
    for (const skill of bestMatches(others, promptOf(options)).slice(0, most)) selected.set(skill, "match");
  }
  return { selected: [...selected].map(([skill, reason]) => ({ skill, reason })), unknown };
}

function bestMatches<Known extends Skill>(skills: readonly Known[], prompt: string): readonly Known[] {
  const asked = new Set(wordsIn(prompt));
  return skills
    .map((skill) => ({ skill, score: scoreOf(skill, asked) }))
    .filter(({ score }) => score >= LEAST_SCORE)
    .sort((left, right) => right.score - left.score || byName(left.skill, right.skill))
    .map(({ skill }) => skill);
}

function scoreOf(skill: Skill, asked: ReadonlySet<string>): number {
  const matched = subjectOf(skill).filter(({ word, plural }) => asked.has(word) || asked.has(plural));
  return matched.length < LEAST_WORDS ? 0 : matched.reduce((sum, { weight }) => sum + weight, 0);
}

interface SubjectWord {
  /** The singular. */
  readonly word: string;
  readonly plural: string;
  readonly weight: number;
}

const subjects = new WeakMap<Skill, readonly SubjectWord[]>();

/** The words that say what a skill is about, computed once for each skill object. */
function subjectOf(skill: Skill): readonly SubjectWord[] {
  const before = subjects.get(skill);
  if (before !== undefined) return before;
  const { name, description } = skill;
  const weights = new Map<string, number>();
  // A skill without a description is only selected by its name or a tag.
  if (description !== undefined) {
    for (const word of tellingWords(description)) weights.set(word, DESCRIPTION_WORD);
    for (const word of tellingWords(name)) weights.set(word, NAME_WORD);
  }
  const subject = [...weights].map(([word, weight]) => ({ word, plural: `${word}s`, weight }));
  subjects.set(skill, subject);
  return subject;
}

function tellingWords(text: string): readonly string[] {
  return wordsIn(text)
    .filter((word) => word.length >= SHORTEST_WORD && !COMMON_WORDS.has(word))
    .map(singular);
}

function wordsIn(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function singular(word: string): string {
  return word.length > SHORTEST_WORD && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

function promptOf({ prompt, messages }: LLMOptions): string {
  const text = prompt ?? messages?.findLast(({ role }) => role === "user")?.content ?? "";
  return text.slice(0, PROMPT_CHARACTERS);
}

function byName(left: Skill, right: Skill): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
