import { type CoreError, isCoreError } from "../../src/index.ts";

/** The `CoreError` with which a promise rejects; throws when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<CoreError> {
  const outcome = await promise.then(
    () => new Error("The promise was fulfilled."),
    (error: unknown) => error,
  );
  if (isCoreError(outcome)) return outcome;
  throw outcome;
}
