import type { RoutingPolicy } from "./policy.ts";

/**
 * How many recent attempts at a candidate were answered and how many failed, counted in two halves: the oldest half is
 * dropped as a whole, so that the window costs four numbers however many calls there are.
 */
export interface OutcomeWindow {
  /** When the newer half began, in monotonic milliseconds. */
  readonly since: number;
  readonly attempts: number;
  readonly failed: number;
  readonly older: { readonly attempts: number; readonly failed: number };
}

const none = { attempts: 0, failed: 0 };

/** A window without outcomes. */
export const emptyWindow: OutcomeWindow = { since: 0, ...none, older: none };

/** Returns the window with one more outcome. */
export function addedTo(
  window: OutcomeWindow,
  { now, failed, policy }: { readonly now: number; readonly failed: boolean; readonly policy: RoutingPolicy },
): OutcomeWindow {
  const { since, attempts, older, failed: failedBefore } = current(window, now, policy.failureWindowMs / 2);
  return { since, attempts: attempts + 1, failed: failedBefore + (failed ? 1 : 0), older };
}

/** True if enough recent attempts are known, and more of them failed than the policy allows. */
export function isMostlyFailing({ attempts, failed, older }: OutcomeWindow, policy: RoutingPolicy): boolean {
  const all = attempts + older.attempts;
  return all >= policy.failureWindowCalls && (failed + older.failed) / all > policy.failureShareToOpen;
}

function current(window: OutcomeWindow, now: number, halfMs: number): OutcomeWindow {
  const age = now - window.since;
  if (age < halfMs) return window;
  const { attempts, failed } = window;
  return { since: now, ...none, older: age < 2 * halfMs ? { attempts, failed } : none };
}
