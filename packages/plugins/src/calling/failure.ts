import type { JsonObject } from "@atlas/core";

/** What a plugin's failure says: what is kept of it, and what it asks for. */
export interface Failure {
  /** Message and code, as they are stored; never a stack. */
  readonly error: JsonObject;
  /** False where the plugin said so: then no further attempt is made. */
  readonly retryable: boolean;
  /** The earliest next attempt that the plugin asked for, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

const MAX_MESSAGE = 2_000;
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1_000;

/**
 * Reads whatever a plugin threw. An error may carry `retryable: false` and `retryAfterMs`; everything else about it is read
 * with care, for a thrown value can be anything.
 */
export function readFailure(thrown: unknown): Failure {
  const message = textAt(thrown, "message") ?? textOf(thrown);
  const code = textAt(thrown, "code");
  const retryAfterMs = valueAt(thrown, "retryAfterMs");
  return {
    error: {
      message: message.slice(0, MAX_MESSAGE).toWellFormed(),
      ...(code === undefined ? {} : { code: code.slice(0, 255).toWellFormed() }),
    },
    retryable: valueAt(thrown, "retryable") !== false,
    ...(typeof retryAfterMs === "number" && retryAfterMs >= 0
      ? { retryAfterMs: Math.min(retryAfterMs, LONGEST_WAIT_MS) }
      : {}),
  };
}

function valueAt(thrown: unknown, name: string): unknown {
  try {
    return (thrown as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

function textAt(thrown: unknown, name: string): string | undefined {
  const value = valueAt(thrown, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textOf(thrown: unknown): string {
  try {
    if (typeof thrown === "string" && thrown !== "") return thrown;
    if (thrown === undefined || thrown === null || thrown === "")
      return `It failed with ${JSON.stringify(thrown) ?? "undefined"}.`;
    return String(thrown);
  } catch {
    return "It failed with something that cannot be read.";
  }
}
