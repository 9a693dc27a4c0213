import { CommandError } from "./command-error.ts";
import { EXIT } from "./exit-code.ts";

/** What is said about a failure, and what the process exits with. */
export interface Failure {
  readonly message: string;
  readonly code: string;
  readonly exitCode: number;
  readonly details?: unknown;
}

/** Tells what any thrown value means at the terminal. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error))
    return {
      message: `A plugin or library threw ${typeof error}.`,
      code: "ATLAS_CLI_FAILED",
      exitCode: EXIT.failed,
    };
  const { message } = error;
  if (error instanceof CommandError) return { message, code: error.code, exitCode: error.exitCode };
  const { code, details, status } = error as {
    readonly code?: unknown;
    readonly details?: unknown;
    readonly status?: unknown;
  };
  if (typeof code !== "string" || !code.startsWith("ATLAS_"))
    return { message, code: "ATLAS_CLI_FAILED", exitCode: EXIT.failed };
  return {
    message,
    code,
    exitCode: typeof status === "number" ? exitCodeOfStatus(status) : exitCodeOf(code),
    ...(details === undefined ? {} : { details }),
  };
}

function exitCodeOf(code: string): number {
  if (/_(NOT_FOUND|UNKNOWN)$/.test(code)) return EXIT.notFound;
  if (REFUSED.test(code)) return EXIT.refused;
  return EXIT.failed;
}

// What another process, the state of a job, or a schema stands against. The same call works once that has changed.
const REFUSED =
  /_(DATABASE_IN_USE|FILE_EXISTS|JOB_CONFLICT|JOB_NOT_FAILED|JOB_NOT_DELAYED|KEY_CONFLICT|KEY_ENDED|INPUT_INVALID|ANSWER_INVALID|SOURCE_BUSY|SOURCE_PAUSED|TOKEN_NAME_TAKEN|BATCH_DOOR|COMMAND_INVALID)$/;

function exitCodeOfStatus(status: number): number {
  // No answer: the gateway went away after it was found.
  if (status === 0) return EXIT.notRunning;
  if (status === 404) return EXIT.notFound;
  if (status === 400) return EXIT.usage;
  return status >= 400 && status < 500 ? EXIT.refused : EXIT.failed;
}
