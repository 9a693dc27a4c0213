import type { HarnessDriver } from "../contract/driver.ts";

/** The name under which profiles list the driver that does nothing. */
export const NOOP = "noop";

/**
 * Creates a driver that does nothing, and says so. A profile lists it as `noop` where a task must not fail for want of an agent: the
 * result is then marked as `degraded`.
 *
 * @example
 * ```ts
 * const noop = createNoopHarness();
 * const host = { env: {}, processes: undefined as never };
 * const run = {
 *   runId: "r1",
 *   harness: "noop",
 *   goal: "Add error handling",
 *   cwd: "/srv/app",
 *   mode: "propose" as const,
 *   profile: "default",
 *   signal: new AbortController().signal,
 *   onEvent: () => undefined,
 * };
 * const { summary } = await noop.run(run, host);
 * assert.equal(summary, 'Nothing was done. No coding agent worked on the goal "Add error handling".');
 * ```
 */
export function createNoopHarness(): HarnessDriver {
  return {
    async run({ goal, signal }) {
      signal.throwIfAborted();
      return {
        summary: `Nothing was done. No coding agent worked on the goal "${excerpt(goal)}".`,
        outputs: [],
      };
    },
  };
}

const LONGEST_GOAL = 200;

function excerpt(goal: string): string {
  return goal.length <= LONGEST_GOAL ? goal : `${goal.slice(0, LONGEST_GOAL).toWellFormed()}…`;
}
