import type { Clock } from "@atlas/core";
import { PluginError } from "../contract/errors.ts";

/** How a call of a plugin ended. */
type CallEnd =
  | { readonly kind: "returned" }
  | { readonly kind: "threw"; readonly error: unknown }
  /** It was ended from outside. Whatever it did afterwards does not count. */
  | { readonly kind: "aborted"; readonly reason: unknown };

/** One call of a plugin with a time limit. */
export interface Call {
  /** Aborted when the call should end. */
  readonly signal: AbortSignal;
  /** Never rejects. */
  readonly ended: Promise<CallEnd>;
  /** Resolves when the plugin's own work has really ended, however late. Never rejects. */
  readonly workEnded: Promise<void>;
  /** Asks the plugin to end. What it still does counts. */
  ask(reason: unknown): void;
  /**
   * Ends the call: nothing that the plugin does from now on counts, and `ended` resolves after `graceMs` at the latest. A second call may
   * shorten the grace; the first reason stays.
   */
  abort(reason: unknown, graceMs: number): void;
}

/**
 * Calls a plugin. `ended` resolves whatever the plugin does (throws at once, rejects with nothing, returns a hostile thenable, never
 * ends), at the latest `graceMs` after the time limit.
 */
export function startCall(options: {
  readonly clock: Clock;
  readonly plugin: string;
  readonly timeoutMs: number;
  readonly graceMs: number;
  /** Called once when the call is aborted; from then on its context must refuse. */
  readonly onAbort: () => void;
  readonly work: (call: Pick<Call, "signal" | "abort">) => Promise<void>;
}): Call {
  const { clock, plugin, timeoutMs, graceMs, onAbort } = options;
  const { promise, resolve } = Promise.withResolvers<CallEnd>();
  const controller = new AbortController();
  let aborted: { readonly reason: unknown } | undefined;
  let isOver = false;
  /** When an aborted call ends, on the monotonic clock. */
  let endsBy = Number.POSITIVE_INFINITY;
  let cancelTimer = clock.after(timeoutMs, () => call.abort(timedOut(plugin, timeoutMs), graceMs));

  const work = Promise.withResolvers<void>();

  const call: Call = {
    workEnded: work.promise,
    // A value, not a getter: each object with a getter of its own would stay in memory until the next full collection.
    signal: controller.signal,
    ended: promise,
    ask(reason) {
      if (!isOver) controller.abort(reason);
    },
    abort(reason, withinMs) {
      if (isOver) return;
      if (aborted === undefined) {
        aborted = { reason };
        onAbort();
        call.ask(reason);
      }
      if (withinMs <= 0) return end({ kind: "aborted", reason });
      const by = clock.monotonic() + withinMs;
      if (by >= endsBy) return;
      endsBy = by;
      cancelTimer();
      cancelTimer = clock.after(withinMs, () => end({ kind: "aborted", reason }));
    },
  };

  const end = (how: CallEnd): void => {
    if (isOver) return;
    isOver = true;
    cancelTimer();
    resolve(aborted === undefined ? how : { kind: "aborted", reason: aborted.reason });
  };

  // A promise contains what is thrown synchronously, and thenables that misbehave.
  new Promise<void>((settle) => settle(options.work(call))).then(
    () => {
      work.resolve();
      end({ kind: "returned" });
    },
    (error: unknown) => {
      work.resolve();
      end({ kind: "threw", error });
    },
  );
  return call;
}

function timedOut(plugin: string, timeoutMs: number): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_TIMEOUT",
    { plugin, timeoutMs },
    `${plugin} did not end within ${timeoutMs} ms. Stop when ctx.signal aborts, or raise its timeoutMs.`,
  );
}
