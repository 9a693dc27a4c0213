/** What Atlas logs to. pino and console fit as they are: `logger: console`. Default: nothing is logged. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Drops everything: the default of every factory that takes a `log`. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The same logger, but a throw of its own stays with it: a log line must never cost a commit or a receipt. */
export function guardLogger(log: Logger): Logger {
  const guarded =
    (level: keyof Logger): Logger["debug"] =>
    (fields, message) => {
      try {
        log[level](fields, message);
      } catch {
        // There is nowhere left to tell of it.
      }
    };
  return { debug: guarded("debug"), info: guarded("info"), warn: guarded("warn"), error: guarded("error") };
}
