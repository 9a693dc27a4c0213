import { isPluginError, type PluginErrorCode } from "./errors.ts";

const OVER: ReadonlySet<string> = new Set<PluginErrorCode>([
  "ATLAS_PLUGINS_CANCELLED",
  "ATLAS_PLUGINS_CONTEXT_ENDED",
  "ATLAS_PLUGINS_DEADLINE",
  "ATLAS_PLUGINS_STOPPING",
  "ATLAS_PLUGINS_SUSPENDED",
  "ATLAS_PLUGINS_TIMEOUT",
]);
// A cause may name itself.
const MOST_CAUSES = 10;

/**
 * True when an error says that this attempt at a job is over: it waits, its job was cancelled, its time is up, or the gateway stops.
 * Rethrow such an error. It is no failure of the work, so there is nothing to compensate: the job may run again.
 *
 * @example
 * ```ts
 * const error: unknown = new PluginError("ATLAS_PLUGINS_CANCELLED", { id: "j1" }, 'The job "j1" was cancelled.');
 * assert.ok(isAttemptOver(error));
 * assert.ok(!isAttemptOver(new Error("The payment was declined.")));
 * ```
 */
export function isAttemptOver(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < MOST_CAUSES && typeof cause === "object" && cause !== null; depth += 1) {
    if (isPluginError(cause) && OVER.has(cause.code)) return true;
    cause = "cause" in cause ? cause.cause : undefined;
  }
  return false;
}
