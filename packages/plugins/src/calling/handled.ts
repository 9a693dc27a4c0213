/** Marks a promise as handled, so that a plugin that does not await it cannot cause an unhandled rejection. */
export function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
