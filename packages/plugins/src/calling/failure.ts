import { canonicalJson, type JsonObject, type JsonValue } from "@atlas/core";
import { isPluginError } from "../contract/errors.ts";

/** What a plugin threw: the record to keep of it, and what it asks of the retry. */
export interface PluginFailure {
  /**
   * The record that is stored: `message`, and where known `name`, `code` and `causes` (a list of `{ name?, message, code? }`, the
   * outermost first). `message` includes the messages of the causes. It never holds a stack. Of a `PluginError` it also keeps `details`
   * (at most 4 KiB of JSON), `retryable` and `retryAfterMs`.
   */
  readonly error: JsonObject;
  /** False when the thrown value says `retryable: false`; the call is then not repeated. */
  readonly retryable: boolean;
  /** The shortest pause before the next attempt that the thrown value asks for, in milliseconds; at most a day. */
  readonly retryAfterMs?: number;
}

/** One error of a chain of causes. */
interface Link {
  readonly name?: string;
  readonly message: string;
  readonly code?: string;
}

const MAX_TEXT = 2_000;
const MAX_SHORT_TEXT = 255;
const MAX_CAUSES = 5;
const MAX_DETAILS_BYTES = 4 * 1_024;
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1_000;

/**
 * Reads whatever a plugin threw. An error may carry `retryable: false` and `retryAfterMs`. Every property is read with care, since a
 * thrown value can be anything: a proxy that throws, or an error that is its own cause.
 */
export function readFailure(thrown: unknown): PluginFailure {
  const [first, ...causes] = chainOf(thrown).map(linkOf);
  const retryAfterMs = valueAt(thrown, "retryAfterMs");
  return {
    error: {
      ...first,
      message: clipped(sentence([first, ...causes]) || describe(thrown), MAX_TEXT),
      ...(causes.length === 0 ? {} : { causes: causes.map((link) => ({ ...link })) }),
      ...(isPluginError(thrown) ? whatPluginSays(thrown) : {}),
    },
    retryable: valueAt(thrown, "retryable") !== false,
    ...(typeof retryAfterMs === "number" && retryAfterMs >= 0
      ? { retryAfterMs: Math.min(retryAfterMs, LONGEST_WAIT_MS) }
      : {}),
  };
}

/** What a `PluginError` says beyond its message. Details that cannot be stored are left out, and the record says so. */
function whatPluginSays(thrown: unknown): JsonObject {
  const retryAfterMs = valueAt(thrown, "retryAfterMs");
  return {
    retryable: valueAt(thrown, "retryable") !== false,
    ...(typeof retryAfterMs === "number" && retryAfterMs >= 0 ? { retryAfterMs } : {}),
    ...detailsOf(valueAt(thrown, "details")),
  };
}

function detailsOf(details: unknown): JsonObject {
  if (details === undefined) return {};
  try {
    const text = canonicalJson(details);
    if (text === "{}") return {};
    const sizeBytes = Buffer.byteLength(text);
    if (sizeBytes > MAX_DETAILS_BYTES)
      return {
        details_omitted: `They have ${sizeBytes} bytes of JSON; at most ${MAX_DETAILS_BYTES} are kept.`,
      };
    return { details: JSON.parse(text) as JsonObject };
  } catch {
    return { details_omitted: "They are not JSON." };
  }
}

/** The details of a `PluginError`, for a log line: an error among the fields is shortened to its messages. */
export function detailsOfFailure(thrown: unknown): { readonly details?: JsonValue } {
  const details = isPluginError(thrown) ? detailsOf(valueAt(thrown, "details"))["details"] : undefined;
  return details === undefined ? {} : { details };
}

/** The message of a failure, as logs and health show it. */
export function messageOf(thrown: unknown): string {
  return String(readFailure(thrown).error["message"]);
}

/** What was thrown and its causes, at most five, each once. */
function chainOf(thrown: unknown): readonly unknown[] {
  const chain = [thrown];
  while (chain.length <= MAX_CAUSES) {
    const cause = causeOf(chain.at(-1));
    if (cause === undefined || cause === null || chain.includes(cause)) break;
    chain.push(cause);
  }
  return chain;
}

/** An `AggregateError`, such as a connection that was refused on every address, has its reasons in `errors`. */
function causeOf(error: unknown): unknown {
  return valueAt(error, "cause") ?? valueAt(valueAt(error, "errors"), "0");
}

function linkOf(error: unknown): Link {
  const name = textAt(error, "name");
  const code = textAt(error, "code");
  const message = textAt(error, "message") ?? (typeof error === "object" ? "" : describe(error));
  return {
    ...(name === undefined ? {} : { name: clipped(name, MAX_SHORT_TEXT) }),
    message: clipped(message, MAX_TEXT),
    ...(code === undefined ? {} : { code: clipped(code, MAX_SHORT_TEXT) }),
  };
}

/** The messages from the outermost to the innermost, without those that the one before already quotes. */
function sentence(links: readonly (Link | undefined)[]): string {
  let text = "";
  for (const { message = "" } of links.flatMap((link) => link ?? [])) {
    if (message === "" || text.includes(message)) continue;
    text = text === "" ? message : `${text.replace(/[.:]\s*$/, "")}: ${message}`;
  }
  return text;
}

function clipped(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

function valueAt(thrown: unknown, name: string): unknown {
  try {
    // Whatever it is, reading a property of it either gives a value or throws.
    return (thrown as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

function textAt(thrown: unknown, name: string): string | undefined {
  const value = valueAt(thrown, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Words for a value without a message. */
function describe(thrown: unknown): string {
  try {
    if (typeof thrown === "string" && thrown !== "") return thrown;
    if (thrown === undefined || thrown === null || thrown === "")
      return `The plugin threw ${JSON.stringify(thrown) ?? "undefined"} instead of an error.`;
    return String(thrown);
  } catch {
    return "The plugin threw a value that cannot be read.";
  }
}
