import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { WorkspaceOptions, Workspaces } from "../../src/workspaces/workspace.ts";

/** Workspaces that copy a folder, and whose differences list the changed files. Small enough to see that they are right. */
export interface CopiedWorkspaces extends Workspaces {
  /** What was asked of them, in order. */
  readonly calls: readonly string[];
  /** The options of each opening. */
  readonly opened: readonly WorkspaceOptions[];
  /** Makes the next call of that name reject. */
  fail(call: "open" | "changes" | "mergeBack", error: unknown): void;
}

export function createCopiedWorkspaces(stateDir: string): CopiedWorkspaces {
  const calls: string[] = [];
  const opened: WorkspaceOptions[] = [];
  const failures = new Map<string, unknown>();
  let number = 0;
  const note = (call: string): void => {
    calls.push(call);
    if (!failures.has(call)) return;
    const error = failures.get(call);
    failures.delete(call);
    throw error;
  };

  return {
    calls,
    opened,
    fail: (call, error) => void failures.set(call, error),
    async open(options) {
      note("open");
      opened.push(options);
      number += 1;
      const cwd = join(stateDir, `copy-${number}`);
      mkdirSync(stateDir, { recursive: true });
      cpSync(options.cwd, cwd, { recursive: true });
      return {
        cwd,
        env: { GIT_CEILING_DIRECTORIES: stateDir },
        async changes() {
          note("changes");
          const paths = [...new Set([...filesBelow(options.cwd), ...filesBelow(cwd)])].sort();
          const changed = paths.filter((path) => textOf(options.cwd, path) !== textOf(cwd, path));
          return {
            diff: changed.map((path) => `${path}: ${textOf(cwd, path)}\n`).join(""),
            files: changed.map((path) => ({ path, change: "modified" as const })),
            truncated: false,
          };
        },
        async mergeBack() {
          note("mergeBack");
          cpSync(cwd, options.cwd, { recursive: true });
        },
        async close() {
          note("close");
          rmSync(cwd, { recursive: true, force: true });
        },
      };
    },
    async removeLeftOvers() {
      note("removeLeftOvers");
      return 0;
    },
  };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function textOf(folder: string, path: string): string {
  return existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : "gone";
}
