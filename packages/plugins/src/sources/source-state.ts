import { isoTime } from "@atlas/core";
import { messageOf } from "../calling/failure.ts";

/** The state of a source. */
export interface SourceHealth {
  readonly id: string;
  /**
   * `failing` from a failed sync until the next one that succeeds. `hanging` while a sync that was given up still runs: the source is not
   * synced until that ends.
   */
  readonly status: "ok" | "failing" | "hanging";
  readonly syncing: boolean;
  /** Failed syncs in a row. */
  readonly failures: number;
  /** Commands of the last successful sync that were refused and kept as refused records. */
  readonly refused: number;
  /** The message of the last failure. */
  readonly error?: string;
  /** When the last sync succeeded; absent before the first in this process. */
  readonly lastSyncedAt?: string;
  /** When its schedule syncs it next; absent without a schedule. */
  readonly nextAt?: string;
  /** Since when it is paused; absent when it is not. */
  readonly pausedAt?: string;
}

/** How the syncs of one source went, since this process started. */
export interface SourceState {
  /** Failed syncs in a row. */
  readonly failures: number;
  succeeded(now: number, refused: number): void;
  failed(error: unknown): void;
  health(of: {
    readonly id: string;
    readonly syncing: boolean;
    readonly hanging: boolean;
    readonly nextAt: number | undefined;
    readonly pausedAt: string | undefined;
  }): SourceHealth;
}

/** The state of one source before its first sync. */
export function createSourceState(): SourceState {
  let failures = 0;
  let error: string | undefined;
  let lastSyncedAt: number | undefined;
  let refused = 0;

  return {
    get failures() {
      return failures;
    },
    succeeded(now, refusedNow) {
      refused = refusedNow;
      failures = 0;
      error = undefined;
      lastSyncedAt = now;
    },
    failed(thrown) {
      failures += 1;
      error = messageOf(thrown);
    },
    health: ({ id, syncing, hanging, nextAt, pausedAt }) => ({
      id,
      status: hanging ? "hanging" : failures === 0 ? "ok" : "failing",
      syncing,
      failures,
      refused,
      ...(error === undefined ? {} : { error }),
      ...(lastSyncedAt === undefined ? {} : { lastSyncedAt: isoTime(lastSyncedAt) }),
      ...(nextAt === undefined || !Number.isFinite(nextAt) ? {} : { nextAt: isoTime(nextAt) }),
      ...(pausedAt === undefined ? {} : { pausedAt }),
    }),
  };
}
