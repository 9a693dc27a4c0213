import type { Clock, Logger } from "@atlas/core";
import { extensionFailed } from "../errors.ts";

/** An extension that has work of its own. */
export interface Startable {
  readonly name: string;
  readonly start: () => Promise<AsyncDisposable | undefined>;
}

/** Starts extensions in order and disposes them in reverse. */
export interface ExtensionLife {
  /** Rejects with the error that names the extension which failed; those before it are disposed then. */
  start(): Promise<void>;
  /** Ends a start under way, at the latest after `withinMs`, and keeps later ones from starting. */
  interrupt(withinMs: number): void;
  /**
   * Disposes what was started, last one first, in at most `withinMs`: each has an equal share of what is left. What fails is logged.
   * Never rejects.
   */
  stop(withinMs: number): Promise<void>;
}

/** The life of a gateway's extensions. */
export function createExtensionLife(
  extensions: readonly Startable[],
  options: {
    readonly clock: Clock;
    readonly log: Logger;
    /** For those that were started before one whose start failed. */
    readonly graceMs: number;
  },
): ExtensionLife {
  const { clock, log, graceMs } = options;
  const started: { readonly name: string; readonly handle: AsyncDisposable }[] = [];
  const interruption = Promise.withResolvers<never>();
  interruption.promise.catch(() => undefined);
  let isInterrupted = false;
  let isDisposed = false;
  let cancelTimer = (): void => undefined;
  let stopped: Promise<void> | undefined;

  const life: ExtensionLife = {
    async start() {
      for (const extension of extensions) {
        const { name } = extension;
        try {
          if (isInterrupted) throw wasStopped();
          await Promise.race([begin(extension), interruption.promise]);
        } catch (error) {
          await life.stop(graceMs);
          throw extensionFailed(name, "start", error);
        }
      }
    },
    interrupt(withinMs) {
      if (isInterrupted) return;
      isInterrupted = true;
      if (isDisposed) return;
      cancelTimer = clock.after(withinMs, () => interruption.reject(wasStopped()));
    },
    stop(withinMs) {
      stopped ??= disposeAll(withinMs);
      return stopped;
    },
  };
  return life;

  async function begin({ name, start }: Startable): Promise<void> {
    const handle = await start();
    if (handle === undefined) return;
    if (typeof handle?.[Symbol.asyncDispose] !== "function")
      throw new TypeError("start must return nothing, or an object with [Symbol.asyncDispose].");
    // It took longer than the stop of the gateway waited for it.
    if (isDisposed) await dispose({ name, handle }, graceMs);
    else started.push({ name, handle });
  }

  async function disposeAll(withinMs: number): Promise<void> {
    isDisposed = true;
    cancelTimer();
    const endsAt = clock.monotonic() + withinMs;
    for (let one = started.pop(); one !== undefined; one = started.pop())
      await dispose(one, Math.max(0, Math.round((endsAt - clock.monotonic()) / (started.length + 1))));
  }

  async function dispose({ name, handle }: (typeof started)[number], withinMs: number): Promise<void> {
    const late = Promise.withResolvers<"late">();
    const cancel = clock.after(withinMs, () => late.resolve("late"));
    try {
      const end = (async () => handle[Symbol.asyncDispose]())();
      end.catch(() => undefined);
      if ((await Promise.race([end, late.promise])) === "late")
        log.error({ extension: name }, `The extension "${name}" did not end within ${withinMs} ms.`);
    } catch (error) {
      log.error({ extension: name, error }, `The extension "${name}" failed while it was stopped.`);
    } finally {
      cancel();
    }
  }
}

function wasStopped(): Error {
  return new Error("The gateway was stopped meanwhile.");
}
