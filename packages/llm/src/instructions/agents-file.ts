import { dirname, join } from "node:path";
import type { TextFiles } from "./text-files.ts";

/** An `AGENTS.md` and its text. */
export interface AgentsFile {
  /** Relative to the root, with forward slashes: `packages/llm/AGENTS.md`. */
  readonly path: string;
  readonly text: string;
}

const NAME = "AGENTS.md";

/**
 * Reads the `AGENTS.md` of the root, and the nearest one above `path` (a file or folder below the root, which need not
 * exist). The nearest one comes last, so that it overrides the other.
 */
export async function readAgentsFiles(options: {
  /** A real path. */
  readonly root: string;
  readonly path: string;
  readonly files: TextFiles;
  readonly warn: (path: string, problem: string) => void;
}): Promise<readonly AgentsFile[]> {
  const { root, path, files, warn } = options;
  const nearest = await findNearest();
  const ofRoot = await readAt(".");
  return [ofRoot, nearest].filter((file) => file !== undefined);

  async function findNearest(): Promise<AgentsFile | undefined> {
    for (let folder = path; folder !== "."; folder = dirname(folder)) {
      const file = await readAt(folder);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  async function readAt(folder: string): Promise<AgentsFile | undefined> {
    const place = join(folder, NAME);
    const file = await files.read(root, place);
    if (file === undefined) return undefined;
    if ("problem" in file) {
      warn(place, file.problem);
      return undefined;
    }
    const text = file.text.trim();
    return text === "" ? undefined : { path: place.replaceAll("\\", "/"), text };
  }
}
