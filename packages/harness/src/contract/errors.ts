import type { Route } from "@atlas/routing";
import type { HarnessUsage } from "./usage.ts";

/** The `details` of each code; `docs/errors.md` says what to do. */
export interface HarnessErrorDetails {
  /** No agent of the profile did the task. */
  ATLAS_HARNESS_ALL_FAILED: { readonly profile: string };
  /** Another task applies changes to the same checkout, and the caller did not want to wait. */
  ATLAS_HARNESS_BUSY: { readonly root: string };
  ATLAS_HARNESS_CASSETTE_INVALID: { readonly path: string; readonly at: string };
  ATLAS_HARNESS_CASSETTE_MISMATCH: {
    readonly path: string;
    /** The first difference, such as `runs[0].args[3]`. */
    readonly at: string;
    readonly expected: string;
    readonly got: string;
  };
  ATLAS_HARNESS_CASSETTE_MISSING: { readonly path: string };
  /** The difference does not fit the files any more. */
  ATLAS_HARNESS_CONFLICT: {
    readonly root: string;
    readonly conflicts: readonly HarnessConflict[];
  };
  /** The agent ended before its work was done: its turns, tokens or budget were used up. */
  ATLAS_HARNESS_CUT_OFF: AgentDetails;
  /** `cwd` does not exist, is not a folder, or lies outside of the allowed roots. */
  ATLAS_HARNESS_CWD_REFUSED: { readonly cwd: string; readonly roots?: readonly string[] };
  /** The agent ended without an error, but was not allowed to do what it wanted to. */
  ATLAS_HARNESS_DENIED: AgentDetails;
  ATLAS_HARNESS_DIFF_INVALID: { readonly reason: string };
  /** The program failed, or said that it failed. */
  ATLAS_HARNESS_FAILED: AgentDetails;
  ATLAS_HARNESS_GIT_FAILED: { readonly command: string; readonly root: string; readonly exitCode?: number };
  /** The goal or another text cannot be passed to this agent: it holds a NUL, is too long, or would be taken for an option. */
  ATLAS_HARNESS_INPUT_REFUSED: { readonly harness: string; readonly input: string };
  /** The key, the login, the model's name or the configuration of the agent is refused. */
  ATLAS_HARNESS_MISCONFIGURED: AgentDetails;
  /** The system does not let Atlas own processes. */
  ATLAS_HARNESS_PLATFORM_UNSUPPORTED: { readonly platform: string };
  ATLAS_HARNESS_RATE_LIMITED: AgentDetails;
  /** The repository cannot be copied: it is bare, or a merge or rebase is under way. */
  ATLAS_HARNESS_REPOSITORY_UNFIT: { readonly root: string; readonly reason: string };
  ATLAS_HARNESS_TIMED_OUT: AgentDetails & { readonly timeoutMs: number };
  /** The program is not installed or cannot be started. */
  ATLAS_HARNESS_UNAVAILABLE: { readonly harness: string; readonly command?: string };
  /** A file of the state folder or of a workspace could not be read or written. */
  ATLAS_HARNESS_WORKSPACE_FAILED: { readonly path: string };
}

/** What is known of an agent that failed. */
export interface AgentDetails {
  readonly harness: string;
  readonly exitCode?: number;
  /** The signal that ended the program, such as `SIGKILL`. */
  readonly signal?: string;
  /** The end of what it printed to standard error, without control characters. At most 2,000 characters. */
  readonly stderr?: string;
  /** The HTTP status of the model service, where the agent said it. */
  readonly status?: number;
  readonly sessionId?: string;
  readonly usage?: HarnessUsage;
  /** What the agent had changed by then. The next agent is not asked if there is anything. */
  readonly diff?: string;
}

/** A place where a difference does not fit. */
export interface HarnessConflict {
  /** From the root of the repository. */
  readonly path: string;
  /** The header of the hunk, such as `@@ -1,3 +1,4 @@`. Absent where the whole file does not fit. */
  readonly hunk?: string;
  readonly reason: string;
}

/** Every code of a `HarnessError`. */
export type HarnessErrorCode = keyof HarnessErrorDetails;

const retryable: ReadonlySet<string> = new Set<HarnessErrorCode>([
  "ATLAS_HARNESS_ALL_FAILED",
  "ATLAS_HARNESS_BUSY",
  "ATLAS_HARNESS_RATE_LIMITED",
  "ATLAS_HARNESS_TIMED_OUT",
]);

// One symbol for every copy of this package in a process. `instanceof` fails for an error that another copy made.
const brand = Symbol.for("@atlas/harness.HarnessError");

/** Any failure of a task for an agent. Branch on `code`; {@link isHarnessError} types `details` by it. */
export class HarnessError<Code extends HarnessErrorCode = HarnessErrorCode> extends Error {
  override readonly name = "HarnessError";
  readonly code: Code;
  /** True if the same task may succeed later without any change to it. */
  readonly retryable: boolean;
  readonly details: HarnessErrorDetails[Code];
  /** Which candidates were asked, in order, and how each attempt ended. Present where a router chose. */
  readonly route?: Route;

  constructor(
    code: Code,
    details: HarnessErrorDetails[Code],
    message: string,
    options: { readonly cause?: unknown; readonly route?: Route } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = retryable.has(code);
    this.details = details;
    if (options.route !== undefined) this.route = options.route;
  }
}
// Not in a static block: the build renames a class whose body names it, and stack traces would show that name.
Object.defineProperty(HarnessError.prototype, brand, { value: true });

/**
 * Tells whether a value is a `HarnessError`. With a `code`, it must also have that code, and `details` is typed by it.
 * Recognises errors of every copy of this package that the process has loaded.
 *
 * @example
 * ```ts
 * const error: unknown = new HarnessError("ATLAS_HARNESS_BUSY", { root: "/srv/app" }, "Another task is at work there.");
 * assert.equal(isHarnessError(error, "ATLAS_HARNESS_BUSY") && error.details.root, "/srv/app");
 * ```
 */
export function isHarnessError(error: unknown): error is HarnessError;
export function isHarnessError<Code extends HarnessErrorCode>(
  error: unknown,
  code: Code,
): error is HarnessError<Code>;
export function isHarnessError(error: unknown, code?: HarnessErrorCode): boolean {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || ("code" in error && error.code === code);
}
