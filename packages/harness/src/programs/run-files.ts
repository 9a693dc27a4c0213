import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { HarnessError } from "../contract/errors.ts";
import type { Invocation, RunFiles } from "./agent-program.ts";

/** The files of one run besides its workspace. Nothing is made before it is needed. */
export interface OpenRunFiles {
  /** What the program is told. Reading `stateDir` asks for the folder. */
  readonly files: RunFiles;
  /** Writes the files of an invocation, readable for this user only. Rejects with `ATLAS_HARNESS_WORKSPACE_FAILED`. */
  write(invocation: Invocation): Promise<void>;
  /** Removes everything. It never rejects. */
  remove(): Promise<void>;
}

/** Opens a folder of its own for the files of a run. The process id in its name tells later whose it was. */
export async function openRunFiles(parent: string = tmpdir()): Promise<OpenRunFiles> {
  const folder = await made(parent);
  const promptFile = join(folder, "prompt.txt");
  const stateDir = join(folder, "state");
  let usesState = false;
  return {
    files: {
      promptFile,
      get stateDir() {
        usesState = true;
        return stateDir;
      },
    },
    async write({ files = {} }) {
      try {
        if (usesState) await mkdir(stateDir, { mode: 0o700 });
        for (const [path, text] of Object.entries(files)) {
          if (path !== promptFile && !path.startsWith(`${stateDir}${sep}`)) {
            throw new TypeError(
              `The invocation writes "${path}", which is neither \`promptFile\` nor below \`stateDir\`.`,
            );
          }
          await mkdir(dirname(path), { recursive: true, mode: 0o700 });
          await writeFile(path, text, { flag: "wx", mode: 0o600 });
        }
      } catch (cause) {
        if (cause instanceof TypeError) throw cause;
        throw unwritable(folder, cause);
      }
    },
    async remove() {
      await rm(folder, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined);
    },
  };
}

async function made(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(parent, `atlas-run-${process.pid}-`));
  } catch (cause) {
    throw unwritable(parent, cause);
  }
}

function unwritable(path: string, cause: unknown): HarnessError {
  return new HarnessError(
    "ATLAS_HARNESS_WORKSPACE_FAILED",
    { path },
    `The files of a run cannot be written below "${path}". Make the folder writable and check the disk; the cause has the details.`,
    { cause },
  );
}
