import { parseRetryAfter } from "@atlas/routing/http-status";

/** What could be read from a thrown value, whoever threw it. */
export interface Thrown {
  /** The error and its causes, the outermost first; never empty. */
  readonly chain: readonly object[];
  /** The HTTP status of the service's response. */
  readonly status: number | undefined;
  /** The service's own code for the failure. */
  readonly providerCode: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** May hold secrets. */
  readonly message: string;
}

const MAX_CAUSES = 10;

/** Reads an error of the AI SDK, or of a client of a similar kind. `now` is wall-clock time in milliseconds since 1970. */
export function readThrown(error: unknown, now: number): Thrown {
  const chain = chainOf(error);
  const headers = firstOf(chain, headersOf);
  return {
    chain,
    status: firstOf(chain, statusOf),
    providerCode: firstOf(chain, providerCodeOf),
    retryAfterMs: headers === undefined ? undefined : retryAfterOf(headers, now),
    message: messageOf(chain),
  };
}

/** An error's name, or an empty text. */
export function nameOf(error: object): string {
  return String(Reflect.get(error, "name") ?? "");
}

/** An error's own message, or an empty text. */
export function messageText(error: object): string {
  const message: unknown = Reflect.get(error, "message");
  return typeof message === "string" ? message : "";
}

function chainOf(error: unknown): readonly object[] {
  const chain: object[] = [];
  for (let next = error; typeof next === "object" && next !== null && chain.length < MAX_CAUSES; ) {
    if (chain.includes(next)) break;
    chain.push(next);
    next = Reflect.get(next, "lastError") ?? Reflect.get(next, "cause");
  }
  return chain.length > 0 ? chain : [new Error(String(error))];
}

function firstOf<Value>(chain: readonly object[], read: (error: object) => Value | undefined) {
  for (const error of chain) {
    const value = read(error);
    if (value !== undefined) return value;
  }
  return undefined;
}

function messageOf(chain: readonly object[]): string {
  const texts = chain.map(messageText).filter((text) => text !== "");
  const [first = "it gave no reason.", second = ""] = texts;
  // A cause usually says more exactly what went wrong than the error around it.
  return second === "" || first.includes(second) ? first : `${first}: ${second}`;
}

function statusOf(error: object): number | undefined {
  const status: unknown = Reflect.get(error, "statusCode") ?? Reflect.get(error, "status");
  return typeof status === "number" && Number.isInteger(status) ? status : undefined;
}

function headersOf(error: object): unknown {
  return Reflect.get(error, "responseHeaders") ?? Reflect.get(error, "headers") ?? undefined;
}

function retryAfterOf(headers: unknown, now: number): number | undefined {
  const read = (name: string): string | undefined => {
    if (headers instanceof Headers) return headers.get(name) ?? undefined;
    const value: unknown =
      typeof headers === "object" && headers !== null ? Reflect.get(headers, name) : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const exact = read("retry-after-ms");
  return exact !== undefined && /^\d+$/.test(exact)
    ? Number(exact)
    : parseRetryAfter(read("retry-after"), now);
}

/** `error.code` or `error.type` of the service's answer, or the status text that Google's services send. */
function providerCodeOf(error: object): string | undefined {
  const data: unknown = Reflect.get(error, "data");
  // A failure inside a stream arrives as the service's own object, not as an error.
  const own = error instanceof Error ? undefined : error;
  const inner: unknown =
    typeof data === "object" && data !== null ? (Reflect.get(data, "error") ?? data) : own;
  if (typeof inner !== "object" || inner === null) return undefined;
  const words = ["code", "type", "status"].map((key): unknown => Reflect.get(inner, key));
  return words.find((word): word is string => typeof word === "string" && word.length <= 100);
}
