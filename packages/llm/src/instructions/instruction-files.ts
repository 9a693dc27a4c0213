import { realpath, stat } from "node:fs/promises";
import type { Clock, Logger } from "@atlas/routing";
import { LLMError } from "../contract/errors.ts";
import { type AgentsFile, readAgentsFiles } from "./agents-file.ts";
import { readSkillFiles, type SkillFile } from "./skill-files.ts";
import { createSkillFolders, type InstalledSkill } from "./skill-folders.ts";
import { createTextFiles } from "./text-files.ts";

/** The instructions on the disk at one point in time. */
export interface Snapshot {
  /** The one of the root first, the nearest one last. */
  readonly agentsFiles: readonly AgentsFile[];
  readonly skills: readonly InstalledSkill[];
  /** Returns the files that the body of a skill refers to, read on first use. */
  filesOf(skill: InstalledSkill): Promise<readonly SkillFile[]>;
}

/** The instructions of a root, read from the disk at most once a second. */
export interface InstructionFiles {
  /** Rejects with `ATLAS_LLM_INSTRUCTIONS_ROOT` if the root is not a readable folder. */
  current(): Promise<Snapshot>;
}

const FRESH_MS = 1_000;
const MOST_WARNINGS = 1_000;

/** Concurrent calls share one read of the disk. Each problem of a file is logged once. */
export function createInstructionFiles(options: {
  readonly root: string;
  readonly path: string;
  readonly skillFolders: readonly string[];
  readonly log: Logger | undefined;
  readonly clock: Clock;
}): InstructionFiles {
  const { root, path, skillFolders, log, clock } = options;
  const warned = new Set<string>();
  const files = createTextFiles(warn);
  const skills = createSkillFolders({ folders: skillFolders, files, warn });
  let latest: { readonly at: number; readonly snapshot: Promise<Snapshot> } | undefined;

  return {
    current() {
      const now = clock.monotonic();
      if (latest === undefined || now - latest.at >= FRESH_MS) {
        const snapshot = look();
        latest = { at: now, snapshot };
        // The next call reads again instead of getting an old failure.
        snapshot.catch(() => {
          if (latest?.snapshot === snapshot) latest = undefined;
        });
      }
      return latest.snapshot;
    },
  };

  async function look(): Promise<Snapshot> {
    const real = await findRoot();
    const [agentsFiles, installed] = await Promise.all([
      readAgentsFiles({ root: real, path, files, warn }),
      skills.list(real),
    ]);
    const read = new Map<InstalledSkill, Promise<readonly SkillFile[]>>();
    return {
      agentsFiles,
      skills: installed,
      filesOf(skill) {
        const found = read.get(skill) ?? readSkillFiles(skill, { files, warn });
        read.set(skill, found);
        return found;
      },
    };
  }

  async function findRoot(): Promise<string> {
    const message = `The root "${root}" of withInstructions is not a readable folder. Correct the path or its permissions.`;
    const [real, found] = await Promise.all([realpath(root), stat(root)]).catch((cause: unknown) => {
      throw new LLMError("ATLAS_LLM_INSTRUCTIONS_ROOT", { root }, message, { cause });
    });
    if (!found.isDirectory()) throw new LLMError("ATLAS_LLM_INSTRUCTIONS_ROOT", { root }, message);
    return real;
  }

  function warn(path: string, problem: string): void {
    const key = `${path}\n${problem}`;
    if (warned.has(key)) return;
    if (warned.size >= MOST_WARNINGS) warned.clear();
    warned.add(key);
    log?.warn({ path, problem }, `"${path}" ${problem}`);
  }
}
