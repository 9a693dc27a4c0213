import { EXIT } from "./exit-code.ts";

/** A failure with a message for the person at the terminal: one sentence that says what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** What the process exits with. */
  readonly exitCode: number;
  readonly code: string;

  constructor(exitCode: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** The error for a wrong command line. */
export function usage(message: string): CommandError {
  return new CommandError(EXIT.usage, "ATLAS_CLI_USAGE", message);
}

/** The error for an id that names nothing. */
export function unknownId(kind: string, id: string): CommandError {
  return new CommandError(EXIT.notFound, "ATLAS_CLI_NOT_FOUND", `There is no ${kind} "${id}".`);
}

/** The error for a command that only a running gateway can carry out. */
export function notRunning(what: string): CommandError {
  return new CommandError(EXIT.notRunning, "ATLAS_CLI_NOT_RUNNING", what);
}
