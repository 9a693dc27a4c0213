import { parseFrontmatter } from "./frontmatter.ts";

/** The content of a `SKILL.md` in the Agent Skills format (agentskills.io/specification). */
export interface Skill {
  /** The name in the frontmatter; otherwise the name of the folder. */
  readonly name: string;
  /** What the skill does and when to use it, on one line. A skill without one is only selected by its name or a tag. */
  readonly description?: string;
  /** From `metadata.tags`: a list, or words separated by commas or spaces. */
  readonly tags: readonly string[];
  /** Everything below the frontmatter. */
  readonly body: string;
}

const LONGEST_NAME = 64;
const LONGEST_DESCRIPTION = 1_024;

/**
 * Parses a `SKILL.md` leniently: it uses everything that is usable, and reports every deviation from the format to `warn`. A
 * skill whose frontmatter cannot be read keeps the name of its folder and its body.
 */
export async function parseSkill(
  text: string,
  { folder, warn }: { readonly folder: string; readonly warn: (problem: string) => void },
): Promise<Skill> {
  const { fields, body } = await parseFrontmatter(text, warn);
  const name = readName();
  const description = readDescription();
  const tags = readTags();
  return { name, ...(description === undefined ? {} : { description }), tags, body: body.trim() };

  function readName(): string {
    const given = fields.get("name");
    if (typeof given !== "string" || given.trim() === "") {
      if (fields.size > 0) warn(`has no name; the name of its folder, "${folder}", is used`);
      return folder;
    }
    const name = given.trim();
    if (name !== folder)
      warn(`is named "${name}", but its folder is named "${folder}"; give both the same name`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name.length > LONGEST_NAME) {
      warn(
        `has a name that is not made of at most ${LONGEST_NAME} lower-case letters, digits and single hyphens`,
      );
    }
    return oneLine(name);
  }

  function readDescription(): string | undefined {
    const given = fields.get("description");
    if (typeof given !== "string" || given.trim() === "") {
      warn("has no description; it is only selected by its name or a tag");
      return undefined;
    }
    const description = oneLine(given);
    if (description.length <= LONGEST_DESCRIPTION) return description;
    warn(`has a description of more than ${LONGEST_DESCRIPTION} characters; the rest is cut off`);
    return description.slice(0, LONGEST_DESCRIPTION).toWellFormed();
  }

  function readTags(): readonly string[] {
    const metadata = fields.get("metadata");
    const given = metadata instanceof Map ? metadata.get("tags") : undefined;
    if (given === undefined || given === null) return [];
    const list = Array.isArray(given) ? given : typeof given === "string" ? given.split(/[\s,]+/) : undefined;
    if (list?.every((tag) => typeof tag === "string")) return list.filter((tag) => tag !== "");
    warn("has tags that are neither a string nor a list of strings; they are ignored");
    return [];
  }
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}
