/** The logger of models and agents. It has the same shape as the logger of `@atlas/core`, so either fits both. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The same logger, but it never throws, and nothing that it returns is an unhandled rejection: a log line must not cost an answer. */
export function guardLogger(log: Logger): Logger {
  const guarded =
    (level: keyof Logger): Logger["warn"] =>
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
