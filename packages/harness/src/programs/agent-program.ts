import type { HarnessRun, HarnessRunResult } from "../contract/driver.ts";
import type { UnnamedHarnessEvent } from "../contract/event.ts";
import type { HarnessMode } from "../contract/runtime.ts";
import type { ProgramEnd } from "../processes/owned-processes.ts";

/**
 * One kind of program that works on a task and ends: how it is called, and how its output is read. It is made of pure functions;
 * `createProgramDriver` runs it.
 */
export interface AgentProgram {
  /** The name of the program, or its absolute path. */
  readonly command: string;
  /** Arguments with which it prints its version. Default: it is not asked. */
  readonly versionArgs?: readonly string[];
  readonly modes?: readonly HarnessMode[];
  readonly timeoutMs?: number;
  readonly idleTimeoutMs?: number;
  /** Names of environment variables that are passed on from the host, besides those of every agent. */
  readonly envNames: readonly string[];
  /** Makes the call. Throws `ATLAS_HARNESS_INPUT_REFUSED` where a text cannot be passed. */
  invocation(run: HarnessRun, files: RunFiles): Invocation;
  /** Makes the reader of one run's output. */
  reader(run: HarnessRun): OutputReader;
}

/** Files outside of the workspace that a run may use. They are removed after it. */
export interface RunFiles {
  /** Where the goal is written if `invocation` uses it. */
  readonly promptFile: string;
  /** An empty folder for the agent's own state, such as its configuration. It is made if `invocation` uses it. */
  readonly stateDir: string;
}

/** One call of a program. */
export interface Invocation {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Variables with fixed values, such as the ones that switch telemetry off. */
  readonly env?: Readonly<Record<string, string>>;
  /** Texts to be written before the start, by absolute path below `RunFiles.stateDir` or at `RunFiles.promptFile`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Reads the output of one run as it comes. The split of the bytes into pieces makes no difference to it. */
export interface OutputReader {
  /** Takes a line without its line break; a line over 1 MiB is cut and said to be `truncated` by the driver. Returns what it tells. */
  line(stream: "stdout" | "stderr", line: string): readonly UnnamedHarnessEvent[];
  /** Takes the end. Throws a `HarnessError` if the agent failed, whatever its exit code. */
  end(end: ProgramEnd, files: WorkspaceFiles): Promise<HarnessRunResult> | HarnessRunResult;
}

/** Reads files of the workspace for output parsers, within bounds, and never through a link that leaves it. */
export interface WorkspaceFiles {
  /** Regular files that match a glob: at most 100 of them, at most 1 MiB of each, within 5 s. */
  match(pattern: string): Promise<{
    readonly files: readonly {
      readonly path: string;
      readonly content: string;
      readonly truncated: boolean;
    }[];
    readonly truncated: boolean;
  }>;
}
