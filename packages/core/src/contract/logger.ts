/**
 * What Atlas logs to. pino and `console` fit as they are: `log: console`. Without one, warnings and errors go to standard
 * error (`stderrLogger`).
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Drops everything: `log: silentLogger` switches logging off. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * The same logger, but it never throws, and no promise that it returns is an unhandled rejection: a failing log line must not cost
 * a commit, a receipt, a job or the process. Whoever takes a logger from the host guards it once, where it comes in.
 */
export function guardLogger(log: Logger): Logger {
  const guarded =
    (level: keyof Logger): Logger["debug"] =>
    (fields, message) => {
      try {
        // An async function fits the type, too.
        const returned: unknown = log[level](fields, message);
        if (returned instanceof Promise) returned.catch(() => undefined);
      } catch {
        // Nothing is left to report it to.
      }
    };
  return { debug: guarded("debug"), info: guarded("info"), warn: guarded("warn"), error: guarded("error") };
}
