/** Why a command is refused. Returned by an `admit` hook, or named by a step of a handler. */
export interface Refusal {
  /** The code of the `CoreError` that the caller gets, such as `GUARD_SECRET_FOUND`. */
  readonly refuse: string;
  readonly message: string;
  /** The `details` of that error. Default: `{}`. */
  readonly details?: object;
}
