import type { Route } from "@atlas/routing";

/** Joins the evidence of an answer with that of its repair, whose attempts are marked. */
export function joinRoutes(first: Route | undefined, repair: Route | undefined): Route | undefined {
  if (first === undefined || repair === undefined) return repair ?? first;
  return {
    ...repair,
    attempts: [
      ...first.attempts,
      ...repair.attempts.map((attempt) => ({ ...attempt, repair: true as const })),
    ],
    skipped: [...first.skipped, ...repair.skipped],
    durationMs: first.durationMs + repair.durationMs,
  };
}
