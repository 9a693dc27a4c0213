/**
 * Wraps the runtime of a candidate for one attempt. Unlike a middleware around the router, it is called for every attempt,
 * and knows which candidate is asked.
 */
export type AroundAttempt<Runtime> = (next: Runtime, info: AttemptInfo) => Runtime;

/** The candidate and the model that an attempt asks. */
export interface AttemptInfo {
  readonly candidate: string;
  /** The model that the call names, or else the one of the candidate; absent where neither is known. */
  readonly model?: string;
}
