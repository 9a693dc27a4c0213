import { createInterruption } from "../interruption.ts";

/** Why a gateway is to stop. */
interface End {
  readonly reason: string;
  /** True where something threw that nobody has caught. */
  readonly hasFailed: boolean;
}

/** Hears of the end from the beginning on, so that a signal during the start is not lost. */
export interface EndListener extends Disposable {
  /** Resolves on Ctrl-C or SIGTERM, or after an error that nobody has caught. A second signal ends the process at once. */
  readonly end: Promise<End>;
}

/** Listens until it is disposed, and keeps the process alive: a gateway without HTTP has no socket. */
export function listenForEnd(): EndListener {
  const { promise, resolve } = Promise.withResolvers<End>();
  const interruption = createInterruption();
  const alive = setInterval(() => undefined, 2 ** 30);
  // What is accepted goes to disk first; a supervisor starts the process again.
  const onError = (error: unknown): void => {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    resolve({ reason: `Nobody has caught an error, so the gateway stops: ${message}`, hasFailed: true });
  };
  interruption.signal.addEventListener("abort", () => resolve({ reason: "Stopping …", hasFailed: false }));
  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onError);
  return {
    end: promise,
    [Symbol.dispose]() {
      clearInterval(alive);
      interruption[Symbol.dispose]();
      process.off("uncaughtException", onError);
      process.off("unhandledRejection", onError);
    },
  };
}
