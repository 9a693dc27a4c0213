import { EXIT } from "../command/exit-code.ts";

/** Ctrl-C and SIGTERM, for a command that has something to put away. */
export interface Interruption extends Disposable {
  /** Aborted by the first signal. The second ends the process at once, as if nobody listened. */
  readonly signal: AbortSignal;
  /** What the process exits with after a signal; nothing before one. */
  exitCode(): number | undefined;
}

/** Listens for signals until it is disposed. */
export function createInterruption(): Interruption {
  const over = new AbortController();
  let exitCode: number | undefined;
  const listen = (code: number) => (): void => {
    exitCode = code;
    stopListening();
    over.abort(new Error("The command was interrupted."));
  };
  const onInterrupt = listen(EXIT.interrupted);
  const onTerminate = listen(EXIT.terminated);
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  function stopListening(): void {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onTerminate);
  }
  return { signal: over.signal, exitCode: () => exitCode, [Symbol.dispose]: stopListening };
}
