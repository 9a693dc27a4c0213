import type { Logger } from "./logger.ts";

/**
 * Writes warnings and errors to standard error, one line each: the message, then the fields as JSON. Errors among the
 * fields are shortened to name, code, message and causes. It drops `debug` and `info`. The default of every factory that
 * takes a `log`.
 */
export const stderrLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => writeLine("warn", fields, message),
  error: (fields, message) => writeLine("error", fields, message),
};

const MAX_LINE_LENGTH = 4_000;

function writeLine(level: "warn" | "error", fields: object, message: string): void {
  const line = `[atlas] ${level}: ${message}${fieldsText(fields)}`
    // A line break or an escape sequence in a message could pass for another line.
    .replaceAll(/\p{Cc}+/gu, " ")
    .slice(0, MAX_LINE_LENGTH);
  // biome-ignore lint/suspicious/noConsole: it survives a closed standard error, with which a plain write ends the process.
  console.error(line);
}

function fieldsText(fields: object): string {
  const around: unknown[] = [];
  try {
    const text = JSON.stringify(fields, function (this: unknown, _key, value: unknown) {
      // `this` holds the value. Everything behind it in the list belongs to a part that is finished.
      const depth = around.indexOf(this);
      around.length = depth + 1;
      if (value instanceof Error) return errorText(value);
      if (typeof value === "bigint") return value.toString();
      if (typeof value !== "object" || value === null) return value;
      if (around.includes(value)) return "[circular]";
      around.push(value);
      return value;
    });
    return text === undefined || text === "{}" ? "" : ` ${text}`;
  } catch {
    // A getter or a toJSON method of the host threw.
    return " {the fields cannot be read}";
  }
}

const MAX_CAUSES = 5;

/** The error and its causes: `CoreError [CODE]: message <- Error: cause`. */
function errorText(error: Error): string {
  const chain: string[] = [];
  for (let current: unknown = error; current !== undefined && chain.length <= MAX_CAUSES; ) {
    if (!(current instanceof Error)) {
      chain.push(String(current));
      break;
    }
    const { code, cause } = current as { readonly code?: unknown; readonly cause?: unknown };
    const codeText = typeof code === "string" ? ` [${code}]` : "";
    chain.push(`${current.name}${codeText}: ${current.message}`);
    current = cause;
  }
  return chain.join(" <- ");
}
