/** Why a command must not be applied: what an `admit` hook returns and what a handler's step names. */
export interface Refusal {
  /** The code that the caller's `CoreError` will carry, such as `GUARD_SECRET_FOUND`. */
  readonly refuse: string;
  readonly message: string;
  /** What a program may want to know besides; it becomes `CoreError.details`. */
  readonly details?: object;
}
