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
  /** Ends a start under way, at the latest after `graceMs`, and keeps later ones from starting. */
  interrupt(): void;
  /** Disposes what was started, last one first, each for at most `graceMs`. What fails is logged. Never rejects. */
  stop(): Promise<void>;
}

/** The life of a gateway's extensions. */
export function createExtensionLife(
  extensions: readonly Startable[],
  options: { readonly clock: Clock; readonly log: Logger; readonly graceMs: number },
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
          await life.stop();
          throw extensionFailed(name, "start", error);
        }
      }
    },
    interrupt() {
      if (isInterrupted) return;
      isInterrupted = true;
      if (isDisposed) return;
      cancelTimer = clock.after(graceMs, () => interruption.reject(wasStopped()));
    },
    stop() {
      stopped ??= disposeAll();
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
    if (isDisposed) await dispose({ name, handle });
    else started.push({ name, handle });
  }

  async function disposeAll(): Promise<void> {
    isDisposed = true;
    cancelTimer();
    for (const one of started.reverse()) await dispose(one);
  }

  async function dispose({ name, handle }: (typeof started)[number]): Promise<void> {
    const late = Promise.withResolvers<"late">();
    const cancel = clock.after(graceMs, () => late.resolve("late"));
    try {
      const end = (async () => handle[Symbol.asyncDispose]())();
      end.catch(() => undefined);
      if ((await Promise.race([end, late.promise])) === "late")
        log.error({ extension: name, graceMs }, `The extension "${name}" did not end within ${graceMs} ms.`);
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
