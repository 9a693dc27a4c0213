import type { Job } from "@atlas/core";

/**
 * Whether one more job may begin: `now`; `later`, once one that runs has ended or a limit was lifted; or not before a time, in
 * milliseconds since 1970.
 */
export type Permit = "now" | "later" | { readonly notBefore: number };

/** The strictest of several permits: a job begins when every limit allows it. */
export function strictest(permits: readonly Permit[]): Permit {
  let strict: Permit = "now";
  for (const permit of permits) {
    if (permit === "later") return "later";
    if (permit !== "now" && (strict === "now" || strict.notBefore < permit.notBefore)) strict = permit;
  }
  return strict;
}

/** Chooses the lane whose first job begins next: the highest priority, then the longest waiting. Lanes without a job have none. */
export function nextLane<Lane extends { readonly first: Job | undefined }>(
  lanes: readonly Lane[],
): Lane | undefined {
  let next: Lane | undefined;
  for (const lane of lanes) {
    if (lane.first === undefined) continue;
    if (next?.first === undefined || isBefore(lane.first, next.first)) next = lane;
  }
  return next;
}

/** The order in which ready jobs begin. */
export function isBefore(left: Job, right: Job): boolean {
  if (left.priority !== right.priority) return left.priority > right.priority;
  if (left.run_at !== right.run_at) return left.run_at < right.run_at;
  return left.id < right.id;
}
