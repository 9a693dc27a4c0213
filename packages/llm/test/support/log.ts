import type { Logger } from "@atlas/routing";

/** Keeps the messages of all warnings. */
export function createLog(): Logger & { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const nothing = (): void => undefined;
  return {
    warnings,
    debug: nothing,
    info: nothing,
    warn: (_, message) => void warnings.push(message),
    error: nothing,
  };
}
