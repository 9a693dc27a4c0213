/** The logger of models and agents. It has the same shape as the logger of `@atlas/core`, so either fits both. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
