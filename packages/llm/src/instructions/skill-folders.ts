import { readdir, realpath } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseSkill, type Skill } from "./skill.ts";
import { isInside, type TextFile, type TextFiles } from "./text-files.ts";

/** A skill on the disk. */
export interface InstalledSkill extends Skill {
  /** The real path of its folder. The files that it refers to must lie inside. */
  readonly folder: string;
  /** Its `SKILL.md`, relative to the root, with forward slashes. */
  readonly path: string;
}

/** Finds the skills of a root, and reads a skill again only after it has changed. */
export interface SkillFolders {
  /** Lists all skills in the order of their folders. Of two skills with the same name, it lists the first. */
  list(root: string): Promise<readonly InstalledSkill[]>;
}

const FILE = "SKILL.md";
const MOST = 500;

/** `folders` are relative to the root and hold one folder for each skill. A folder that does not exist has no skills. */
export function createSkillFolders(options: {
  readonly folders: readonly string[];
  readonly files: TextFiles;
  readonly warn: (path: string, problem: string) => void;
}): SkillFolders {
  const { folders, files, warn } = options;
  const parsed = new WeakMap<NonNullable<TextFile>, InstalledSkill>();

  return {
    async list(root) {
      const places = (await Promise.all(folders.map((folder) => placesIn(root, folder)))).flat();
      if (places.length > MOST) warn(root, `has more than ${MOST} skills; only the first ${MOST} are used`);
      const found = await Promise.all(places.slice(0, MOST).map((place) => readSkill(root, place)));
      const byName = new Map<string, InstalledSkill>();
      for (const skill of found) {
        if (skill === undefined) continue;
        const first = byName.get(skill.name);
        if (first === undefined) byName.set(skill.name, skill);
        else warn(skill.path, `is left out, because "${first.path}" has the same name "${skill.name}"`);
      }
      return [...byName.values()];
    },
  };

  async function readSkill(root: string, { folder, name }: Place): Promise<InstalledSkill | undefined> {
    const file = await files.read(folder, FILE);
    if (file === undefined) return undefined;
    const path = relative(root, join(folder, FILE)).replaceAll("\\", "/");
    if ("problem" in file) {
      warn(path, file.problem);
      return undefined;
    }
    const before = parsed.get(file);
    if (before?.path === path) return before;
    const skill = await parseSkill(file.text, { folder: name, warn: (problem) => warn(path, problem) });
    const installed = { ...skill, folder, path };
    parsed.set(file, installed);
    return installed;
  }

  /** The folders in a folder whose real paths lie inside it or inside the root. */
  async function placesIn(root: string, folder: string): Promise<readonly Place[]> {
    const parent = await realPathOf(resolve(root, folder));
    if (parent === undefined) return [];
    const names = await readdir(parent).catch((error: unknown) => {
      warn(folder, `cannot be listed: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    const visible = names.filter((name) => !name.startsWith(".")).sort();
    const places = await Promise.all(visible.map((name) => placeOf(root, parent, name)));
    return places.filter((place) => place !== undefined);
  }

  async function placeOf(root: string, parent: string, name: string): Promise<Place | undefined> {
    const folder = await realPathOf(join(parent, name));
    if (folder === undefined) return undefined;
    if (isInside(parent, folder) || isInside(root, folder)) return { folder, name };
    warn(join(parent, name), "is left out, because it leads out of the root");
    return undefined;
  }
}

interface Place {
  readonly folder: string;
  readonly name: string;
}

async function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
