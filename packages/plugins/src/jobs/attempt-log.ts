import {
  type Clock,
  type CommandSink,
  canonicalJson,
  isoTime,
  type Job,
  type JsonObject,
  type Logger,
} from "@atlas/core";
import { readFailure } from "../calling/failure.ts";
import { MAX_LOG_BYTES, MAX_LOG_LINES } from "../module/job-logs.ts";
import type { PluginsCommand } from "../module/plugins-module.ts";

/** The logger of one attempt, whose lines are kept. */
export interface AttemptLog {
  readonly logger: Logger;
  /** Keeps no further lines. Returns the command that stores the last ones, if there are any. */
  end(): PluginsCommand | undefined;
}

type LogCommand = Extract<PluginsCommand, { type: "plugins.job.log" }>;
type Line = LogCommand["lines"][number];

const STORE_EVERY_MS = 1_000;
const MAX_MESSAGE = 2_000;
const MAX_FIELDS_BYTES = 2 * 1_024;

/** A logger that passes every line on, and stores lines at most once a second. An attempt that logs nothing needs none. */
export function createAttemptLog(options: {
  readonly job: Pick<Job, "id" | "attempt">;
  readonly log: Logger;
  readonly clock: Clock;
  readonly commands: CommandSink<PluginsCommand>;
}): AttemptLog {
  const { job, log, clock, commands } = options;
  let lines: Line[] = [];
  let sizeBytes = 0;
  let written = 0;
  let cancel: (() => void) | undefined;
  let isOver = false;

  return {
    logger: {
      debug: keeping("debug"),
      info: keeping("info"),
      warn: keeping("warn"),
      error: keeping("error"),
    },
    end() {
      isOver = true;
      cancel?.();
      return take();
    },
  };

  function keeping(level: keyof Logger): Logger["debug"] {
    return (fields, message) => {
      if (!isOver) keep(level, fields, message);
      log[level](fields, message);
    };
  }

  function keep(level: keyof Logger, given: unknown, message: unknown): void {
    const fields = fieldsOf(given);
    const text = String(message).slice(0, MAX_MESSAGE).toWellFormed();
    written += 1;
    const line: Line = {
      number: written,
      at: isoTime(clock.now()),
      level,
      message: text,
      ...(fields === undefined ? {} : { fields }),
    };
    lines.push(line);
    sizeBytes += sizeOf(line);
    // Older lines would be removed when these are stored.
    while (lines.length > MAX_LOG_LINES || sizeBytes > MAX_LOG_BYTES) {
      const [oldest] = lines.splice(0, 1);
      if (oldest === undefined) break;
      sizeBytes -= sizeOf(oldest);
    }
    cancel ??= clock.after(STORE_EVERY_MS, store);
  }

  function store(): void {
    cancel = undefined;
    const command = take();
    // Not awaited: the work does not wait for its log, and a line that cannot be stored was logged all the same.
    if (command !== undefined) commands.enqueue(command, { actor: "runner" }).catch(() => undefined);
  }

  function take(): LogCommand | undefined {
    if (lines.length === 0) return undefined;
    const taken = lines;
    lines = [];
    sizeBytes = 0;
    return { type: "plugins.job.log", job_id: job.id, attempt: job.attempt, lines: taken };
  }
}

function sizeOf({ message, fields }: Pick<Line, "message" | "fields">): number {
  return Buffer.byteLength(message) + (fields === undefined ? 0 : Buffer.byteLength(JSON.stringify(fields)));
}

/** The fields as JSON. A plugin may give anything: a circle, a getter that throws. */
function fieldsOf(given: unknown): JsonObject | undefined {
  try {
    const text = JSON.stringify(given, (_, value: unknown) => {
      if (value instanceof Error) return readFailure(value).error;
      return typeof value === "bigint" ? value.toString() : value;
    });
    const fields: unknown = JSON.parse(text ?? "{}");
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return undefined;
    const stored = canonicalJson(fields);
    if (stored === "{}") return undefined;
    if (Buffer.byteLength(stored) > MAX_FIELDS_BYTES)
      return { omitted: `The fields have more than ${MAX_FIELDS_BYTES} bytes of JSON.` };
    return JSON.parse(stored) as JsonObject;
  } catch {
    return { omitted: "The fields are not JSON." };
  }
}
