import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";

/** What is wrong with one part of a request. */
export interface PartProblem {
  /** Where it is: `body.jobs[2].workflow_id`, `query.limit`. */
  readonly path: string;
  readonly message: string;
}

/** Ends a request with a problem. Guards and handlers throw it; its message is sent as it is, so it holds nothing secret. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly PartProblem[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: {
      readonly errors?: readonly PartProblem[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    this.code = code;
    this.status = PROBLEMS[code];
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}
