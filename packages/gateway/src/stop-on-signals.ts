import { constants } from "node:os";
import { type Logger, stderrLogger } from "@atlas/core";
import { checkOptions, guardLogger } from "@atlas/core/internal";
import type { Gateway } from "./gateway.ts";

/** Which signals stop a process, and what else they stop. */
export interface StopOnSignalsOptions {
  /** A server in front of the gateway, such as what `serve` of `@atlas/gateway/http` returns. It is stopped at the same time. Default: none. */
  readonly server?: { stop(): Promise<unknown> } | undefined;
  /** Default: `SIGTERM`, which services get, and `SIGINT`, which Ctrl-C sends. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Default: `stderrLogger`, which writes warnings and errors to standard error. */
  readonly log?: Logger;
}

const known: Readonly<Record<keyof StopOnSignalsOptions, true>> = { server: true, signals: true, log: true };
const SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/**
 * Stops a gateway, and the server in front of it, when the process is told to end; then it ends the process with exit code 0, or 1 if
 * something could not be stopped. A second signal ends the process at once, with 128 and the number of the signal. Call it in a program,
 * never in a library: Atlas itself handles no signals.
 *
 * Returns a function that removes the handlers. They are removed as well once the gateway was stopped by anybody else, and nobody ends the
 * process then.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({ database: ":memory:" });
 * await gateway.start();
 * const ignoreSignals = stopOnSignals(gateway);
 * ignoreSignals(); // a program of its own leaves it at that
 * await gateway.stop();
 * ```
 */
export function stopOnSignals(
  gateway: Pick<Gateway, "stop" | "stopping">,
  options: StopOnSignalsOptions = {},
): () => void {
  checkOptions("stopOnSignals", options, Object.keys(known));
  const { server, signals = SIGNALS } = options;
  const log = guardLogger(options.log ?? stderrLogger);
  for (const signal of signals) {
    if (constants.signals[signal] === undefined)
      throw new TypeError(`stopOnSignals: there is no signal "${signal}". Use names such as "SIGTERM".`);
  }
  let isStopping = false;

  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
    log.info({ signal }, "The process was told to end, and stops. A second signal ends it at once.");
    void stopAll();
  };
  const remove = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
    gateway.stopping.removeEventListener("abort", onStopping);
  };
  const onStopping = (): void => {
    if (isStopping) return;
    const removeUnlessTold = (): void => {
      if (!isStopping) remove();
    };
    gateway.stop().then(removeUnlessTold, removeUnlessTold);
  };
  for (const signal of signals) process.on(signal, onSignal);
  if (gateway.stopping.aborted) onStopping();
  else gateway.stopping.addEventListener("abort", onStopping);
  return remove;

  /** Both at once: a request that is being answered can still write, and each part keeps to its own time. */
  async function stopAll(): Promise<never> {
    const parts = [async () => server?.stop(), async () => gateway.stop()];
    const ends = await Promise.allSettled(parts.map((stop) => stop()));
    const failed = ends.filter((end) => end.status === "rejected");
    for (const { reason } of failed) log.error({ error: reason }, "Something could not be stopped.");
    process.exit(failed.length === 0 ? 0 : 1);
  }
}
