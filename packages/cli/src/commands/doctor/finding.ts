/** What one check of the doctor found. */
export interface Finding {
  readonly check: string;
  /** A `warning` lets the gateway run; a `problem` does not. */
  readonly status: "ok" | "warning" | "problem";
  /** What was found, without values of environment variables. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** A finding of something that is right. */
export function ok(check: string, found: string): Finding {
  return { check, status: "ok", found };
}

/** A finding that lets the gateway run. */
export function warning(check: string, found: string, advice: string): Finding {
  return { check, status: "warning", found, advice };
}

/** A finding that keeps the gateway from running. */
export function problem(check: string, found: string, advice?: string): Finding {
  return { check, status: "problem", found, ...(advice === undefined ? {} : { advice }) };
}
