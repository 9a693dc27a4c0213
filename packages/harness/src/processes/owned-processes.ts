/**
 * Starts programs and owns all that they start: each run has its own process group and a tag in its environment, and when it has
 * settled, no process of the group or with the tag is alive.
 */
export interface OwnedProcesses {
  /**
   * Finds a program by its name in the `PATH` of `env`, or checks an absolute path. A relative path is refused, and relative folders of
   * `PATH` are passed over: an agent must not come from the folder that it works in. Rejects with `ATLAS_HARNESS_UNAVAILABLE`.
   */
  find(command: string, options: FindOptions): Promise<string>;
  /**
   * Runs a program to its end. Resolves however it ended, also where a limit or the signal ended it, and where the signal was aborted
   * before the start. Rejects with `ATLAS_HARNESS_UNAVAILABLE` if it cannot be started, `ATLAS_HARNESS_CWD_REFUSED` if its folder is
   * missing, `ATLAS_HARNESS_INPUT_REFUSED` for a NUL, an argument of 128 KiB, or too many of them, `ATLAS_HARNESS_WORKSPACE_FAILED` if the
   * launch record cannot be written, and `ATLAS_HARNESS_PLATFORM_UNSUPPORTED`.
   */
  run(program: Program): Promise<ProgramEnd>;
  /**
   * Starts a program whose input stays open, for a protocol over its standard streams. `stdout` is read at the pace of its reader and not
   * cut; `onOutput` and `maxOutputBytes` apply to the standard error alone. Rejects as `run` does, and with the signal's reason if that
   * was aborted before the start.
   */
  start(program: Omit<Program, "stdin">): Promise<RunningProgram>;
  /** Ends every program, and refuses new ones. Resolves once none is alive. A second call waits for the first. */
  stop(): Promise<void>;
}

export interface FindOptions {
  /** The name of the agent, for errors. */
  readonly harness: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders from which no program is taken, such as the one that the agent works in. Default: none. */
  readonly notBelow?: readonly string[] | undefined;
}

/** A program, and the limits under which it runs. */
export interface Program {
  /** Letters, digits, `-` and `_`, at most 128 of them. It names one program at a time: none of it is left when the program has settled. */
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
  /** Time until it is ended, in milliseconds. Default: 180,000. */
  readonly timeoutMs?: number | undefined;
  /** The longest pause in which the program prints nothing, in milliseconds. Default: no limit. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Time from the first signal to the last one, in milliseconds: `SIGINT` at once, `SIGTERM` after half of it, `SIGKILL` at its end. Agents
   * write their session and end their tools meanwhile. Default: 5,000. With 0, it is killed at once.
   */
  readonly graceMs?: number | undefined;
  /** The most bytes of each stream that are passed on. What comes after is read and dropped. Default: 1,048,576. */
  readonly maxOutputBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives what the program prints, up to the limit, in the pieces in which it comes. What it throws is logged. */
  readonly onOutput?: ((stream: "stdout" | "stderr", bytes: Uint8Array) => void) | undefined;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Absent where a signal ended it. */
  readonly exitCode?: number;
  readonly signal?: string;
  /**
   * Who ended it: a limit, the signal, or `stop` of the owner or `end` of the running program (`stop`). Decided here, because programs exit
   * with 0 after a signal.
   */
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
