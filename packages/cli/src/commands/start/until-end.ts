import { createInterruption } from "../interruption.ts";

/** Why a gateway is to stop. */
export interface End {
  readonly reason: string;
  /** True where something threw that nobody has caught. */
  readonly hasFailed: boolean;
}

/** Waits for Ctrl-C or SIGTERM, or for an error that nobody has caught. A second signal ends the process at once. */
export async function untilEnd(): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>();
  const interruption = createInterruption();
  // Without it nothing may keep the process alive: a gateway without HTTP has no socket.
  const alive = setInterval(() => undefined, 2 ** 30);
  interruption.signal.addEventListener("abort", () => resolve({ reason: "Stopping …", hasFailed: false }));
  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onError);
  try {
    return await promise;
  } finally {
    clearInterval(alive);
  }

  // What is accepted goes to disk first; a supervisor starts the process again.
  function onError(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    resolve({ reason: `Nobody has caught an error, so the gateway stops: ${message}`, hasFailed: true });
  }
}
