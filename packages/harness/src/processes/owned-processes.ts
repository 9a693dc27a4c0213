/**
 * Starts programs and owns all that they start: each run has its own process group and a tag in its environment, and when it has
 * settled, no process of the group or with the tag is alive.
 */
export interface OwnedProcesses {
  /**
   * Finds a program by its name in the `PATH` of `env`, or checks an absolute path. A relative path and folders of `PATH` that are
   * relative are refused: an agent must not come from the folder that it works in. Rejects with `ATLAS_HARNESS_UNAVAILABLE`.
   */
  find(command: string, options: FindOptions): Promise<string>;
  /**
   * Runs a program to its end. Resolves however it ended, also where a limit or the signal ended it; rejects with
   * `ATLAS_HARNESS_UNAVAILABLE` if it cannot be started, and with `ATLAS_HARNESS_INPUT_REFUSED` for a NUL or an argument over 128 KiB.
   */
  run(program: Program): Promise<ProgramEnd>;
  /** Starts a program whose input stays open, for a protocol over its standard streams. */
  start(program: Omit<Program, "stdin">): Promise<RunningProgram>;
  /** Ends every program, and refuses new ones. Resolves once none is alive. */
  stop(): Promise<void>;
}

export interface FindOptions {
  /** The name of the agent, for errors. */
  readonly harness: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A program, and the limits under which it runs. */
export interface Program {
  readonly runId: string;
  /** The name of the agent, for errors and the launch record. */
  readonly harness: string;
  /** An absolute path, as `find` returns it. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All variables that the program gets, besides the tag. `agentEnvironment` makes them. */
  readonly env: Readonly<Record<string, string>>;
  /** What is written to standard input before it is closed. Default: standard input is empty. */
  readonly stdin?: string | undefined;
  /** Default: 180,000. */
  readonly timeoutMs?: number | undefined;
  /** The longest pause in which the program prints nothing, in milliseconds. Default: no limit. */
  readonly idleTimeoutMs?: number | undefined;
  /** Time from the polite signals to the last one, in milliseconds. Default: 5,000. */
  readonly graceMs?: number | undefined;
  /** The most bytes of each stream that are passed on. What comes after is read and dropped. Default: 1,048,576. */
  readonly maxOutputBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives what the program prints, up to the limit, in the pieces in which it comes. */
  readonly onOutput?: ((stream: "stdout" | "stderr", bytes: Uint8Array) => void) | undefined;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Absent where a signal ended it. */
  readonly exitCode?: number;
  readonly signal?: string;
  /** Who ended it. Decided here, because programs exit with 0 after a signal. */
  readonly endedBy: "itself" | "timeout" | "idle" | "signal" | "stop";
  readonly durationMs: number;
  /** A stream was longer than `maxOutputBytes`. */
  readonly truncated: { readonly stdout: boolean; readonly stderr: boolean };
  /** Processes that were still alive after the program had ended, and were ended. */
  readonly leftOvers: number;
}

/** A program that runs. */
export interface RunningProgram {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  /** Resolves however it ended. */
  readonly ended: Promise<ProgramEnd>;
  /** Ends it, and all that it started. */
  end(): Promise<ProgramEnd>;
}
