/** What a host that keeps up does again and again, and in the middle of which it may be killed. */
export const upkeepKinds = ["backup", "restore", "asOf", "replay", "verify", "prune"] as const;

/** One of {@link upkeepKinds}. */
export type UpkeepKind = (typeof upkeepKinds)[number];
