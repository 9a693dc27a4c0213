import type { ModelKind } from "@atlas/routing/internal";

/** For which kinds a candidate is left alone for some time, while it answers for others. */
export interface KindPauses {
  /** Times are monotonic milliseconds. */
  begin(candidate: string, kind: ModelKind, now: number): void;
  reason(
    candidate: string,
    kind: ModelKind,
    asked: { readonly name: string; readonly now: number },
  ): string | undefined;
}

/** Creates it for pauses of one length. */
export function createKindPauses(pauseMs: number): KindPauses {
  const until = new Map<string, number>();
  const keyOf = (candidate: string, kind: ModelKind): string => `${kind} ${candidate}`;
  return {
    begin: (candidate, kind, now) => void until.set(keyOf(candidate, kind), now + pauseMs),
    reason(candidate, kind, { name, now }) {
      const leftMs = (until.get(keyOf(candidate, kind)) ?? now) - now;
      if (leftMs <= 0) return undefined;
      return `its ${kind} model "${name}" cannot be used, skipped for another ${Math.ceil(leftMs / 1_000)} s`;
    },
  };
}
