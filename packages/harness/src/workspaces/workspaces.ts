import { mkdir, realpath } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { type Clock, type Logger, systemClock } from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import { HarnessError } from "../contract/errors.ts";
import { makeAgentCopy } from "./agent-copy.ts";
import { realFolder } from "./apply-diff.ts";
import { type Baseline, recordBaseline } from "./baseline.ts";
import { recordChanges } from "./changes.ts";
import { type CheckoutLock, createCheckoutLocks } from "./checkout-lock.ts";
import { pathText } from "./files/path-bytes.ts";
import { createGit } from "./git/git.ts";
import { findRepository } from "./git/repository.ts";
import { removeLeftOvers } from "./left-overs.ts";
import { mergeTree } from "./merge-tree.ts";
import { createRunFolders, type RunFolder } from "./run-folder.ts";
import type { Workspace, WorkspaceOptions, Workspaces } from "./workspace.ts";

export interface WorkspacesOptions {
  /** Where copies, locks and what is known of them are kept. Gateways that share it share the locks. It is made if it is missing. */
  readonly stateDir: string;
  /**
   * Resolves with the real path of a folder that may be used, or rejects. It is asked for `cwd`, and for the folder of the repository
   * around it. Default: any folder that exists.
   */
  readonly checkFolder?: (path: string) => Promise<string>;
  /** Where `PATH` and `HOME` are looked up. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Default: nothing is logged. */
  readonly log?: Logger;
  readonly limits?: Partial<WorkspaceLimits>;
}

interface WorkspaceLimits {
  /** New and changed files of a folder, at the beginning and at the end. What git has stored already does not count. Default: 100,000. */
  readonly maxFiles: number;
  /** Bytes of new and changed files at the beginning. Default: 1 GiB. */
  readonly maxBytes: number;
  /** The longest difference. Default: 10 MiB. */
  readonly maxDiffBytes: number;
  /** The largest changed file whose content is part of the difference. Default: 64 MiB. */
  readonly maxFileBytes: number;
  /** Time for one command of git, in milliseconds. Default: 120,000. */
  readonly gitTimeoutMs: number;
}

const MIB = 1_048_576;

const defaults: WorkspaceLimits = {
  maxFiles: 100_000,
  maxBytes: 1024 * MIB,
  maxDiffBytes: 10 * MIB,
  maxFileBytes: 64 * MIB,
  gitTimeoutMs: 120_000,
};

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Prepares folders for agents below a state folder, by git. */
export function createWorkspaces(options: WorkspacesOptions): Workspaces {
  checkOptions("createWorkspaces", options, ["stateDir", "checkFolder", "env", "clock", "log", "limits"]);
  const { checkFolder = realFolder, env = process.env, clock = systemClock } = options;
  checkOptions("createWorkspaces: limits", options.limits ?? {}, Object.keys(defaults));
  const limits = { ...defaults, ...options.limits };
  const stateDir = resolve(options.stateDir);
  const log = guardLogger(options.log ?? silent);
  const git = createGit({ env, clock, timeoutMs: limits.gitTimeoutMs });
  const locks = createCheckoutLocks({ stateDir, clock });
  const runs = createRunFolders(stateDir);

  return {
    async open(task) {
      checkTask(task);
      const { signal, mode, inPlace, whenBusy } = task;
      signal.throwIfAborted();
      const cwd = await checkFolder(task.cwd);
      const repository = await findRepository(git, cwd, signal);
      const root = repository === undefined ? cwd : await checkFolder(repository.root);
      const lock = mode === "apply" ? await locks.take(root, { whenBusy, signal }) : undefined;
      let run: RunFolder | undefined;
      try {
        run = await runs.create(task.runId);
        const baseline = await recordBaseline({
          git,
          path: join(run.path, "baseline"),
          root,
          repository,
          // What is compared with it must be the way git writes it.
          stateDir: await realpath(stateDir),
          home: env["HOME"],
          limits,
          log,
          signal,
        });
        const place = relative(root, cwd);
        if (inPlace) return await openInPlace({ baseline, root, cwd, run, lock });
        const copy = join(run.path, "copy");
        await makeAgentCopy(git, { baseline, path: copy, parent: repository?.head, signal });
        await mkdir(join(copy, place), { recursive: true });
        return openCopy({ baseline, root, cwd: join(copy, place), copy, run, lock });
      } catch (error) {
        await close(run, lock);
        throw openFailed(error, task, root);
      }
    },

    removeLeftOvers: () => removeLeftOvers({ stateDir, clock, log }),
  };

  function openCopy(opened: Opened & { readonly copy: string }): Workspace {
    const { baseline, root, cwd, copy, run, lock } = opened;
    const record = () => recordChanges({ git, baseline, root: copy, openNested: true, limits });
    let closed: Promise<void> | undefined;
    return {
      cwd,
      env: { GIT_CEILING_DIRECTORIES: run.path },
      async changes() {
        const { diff, files, truncated } = await record();
        return { diff, files, truncated };
      },
      async mergeBack() {
        const { tree, tooLarge } = await record();
        refuseTooLarge(root, tooLarge);
        await mergeTree({
          git,
          baseline,
          root,
          from: baseline.tree,
          to: tree,
          sparse: "from",
          journal: run.journal,
        });
      },
      close() {
        closed ??= close(run, lock);
        return closed;
      },
    };
  }

  async function openInPlace(opened: Opened): Promise<Workspace> {
    const { baseline, root, cwd, run, lock } = opened;
    const record = () => recordChanges({ git, baseline, root, openNested: false, limits });
    let isKept = false;
    let closed: Promise<void> | undefined;
    return {
      cwd,
      env: {},
      async changes() {
        const { diff, files, truncated } = await record();
        return { diff, files, truncated };
      },
      async mergeBack() {
        isKept = true;
      },
      close() {
        closed ??= (isKept ? Promise.resolve() : restore()).then(() => close(run, lock));
        return closed;
      },
    };

    /** The task has failed: the files become what they were before it. */
    async function restore(): Promise<void> {
      try {
        const { tree, tooLarge } = await record();
        refuseTooLarge(root, tooLarge);
        await mergeTree({
          git,
          baseline,
          root,
          from: tree,
          to: baseline.tree,
          sparse: "to",
          journal: run.journal,
        });
      } catch (error) {
        log.error({ root, error }, "The files could not be brought back to what they were before the task.");
      }
    }
  }

  async function close(run: RunFolder | undefined, lock: CheckoutLock | undefined): Promise<void> {
    try {
      await run?.remove();
    } catch (error) {
      log.warn({ path: run?.path, error }, "The folder of a task could not be removed.");
    }
    await lock?.release();
  }
}

interface Opened {
  readonly baseline: Baseline;
  readonly root: string;
  readonly cwd: string;
  readonly run: RunFolder;
  readonly lock: CheckoutLock | undefined;
}

function checkTask({ runId, mode, inPlace }: WorkspaceOptions): void {
  if (!/^[\w-][\w.-]{0,127}$/.test(runId)) {
    throw new TypeError(
      `"${runId}" cannot name a folder. A run id has letters, digits, "_", "-" and "." only.`,
    );
  }
  if (inPlace && mode !== "apply") {
    throw new TypeError(`inPlace needs the mode "apply", but the mode is "${mode}".`);
  }
}

function refuseTooLarge(root: string, [first]: readonly string[]): void {
  if (first === undefined) return;
  const path = pathText(first);
  const message = `The changes to "${root}" hold files that are too large, such as "${path}", and no file was changed. Tell the agent to leave it out, or add it to .gitignore.`;
  throw new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path }, message);
}

function openFailed(error: unknown, { signal }: WorkspaceOptions, root: string): unknown {
  if (error instanceof HarnessError || signal.aborted) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const message = `No workspace for "${root}" could be made: ${reason}. Make the state folder writable and free some space.`;
  return new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: root }, message, { cause: error });
}
