/** A command that an agent wants to run. */
export interface HarnessCommand {
  /**
   * The program and its arguments, as the agent names them. A command in one text is one of a shell: `["/bin/sh", "-c", "make test"]`. It
   * is what the agent says, and no proof of what it runs: some that speak the Agent Client Protocol give only a title.
   */
  readonly argv: readonly string[];
  /** The folder in which the command would run, as an absolute path. */
  readonly cwd: string;
}

/** Why a command is forbidden. It has the shape of a refusal of `@atlas/core`, so one guard can return either. */
export interface HarnessRefusal {
  /** A code, such as `GUARD_COMMAND_DESTRUCTIVE`. */
  readonly refuse: string;
  /** The reason in words. The agent reads it. */
  readonly message: string;
}
