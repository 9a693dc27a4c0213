/** Where the server is, and how it is asked. */
export interface ClientOptions {
  /** The address of the server, with its base path if it has one: `http://127.0.0.1:4400`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. Default: none. */
  readonly token?: string;
  /** Sends requests. Default: the `fetch` of the platform. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Added to every request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * How often a request is repeated that found no server, or one that was busy (429, 503). Default: 2. Requests that change something are
   * repeated only with an idempotency key. Raise it to sit out a restart; a failing call takes longer then.
   */
  readonly retries?: number;
  /** Waits before a repetition. Default: a timer. Tests pass their own. */
  readonly wait?: (waitMs: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Default: that of the client. */
  readonly retries?: number;
  /** Added to those of the client. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The key under which the server does this once. Default: a new one for each call, so that a repetition does nothing twice; `false`
   * sends none, and the call is not repeated.
   */
  readonly idempotencyKey?: string | false;
}

const OPTIONS: readonly (keyof ClientOptions)[] = ["url", "token", "fetch", "headers", "retries", "wait"];

/** Checks the options. Throws a `TypeError`. */
export function checkClientOptions(options: ClientOptions): void {
  const unknown = Object.keys(options).find((name) => !(OPTIONS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new TypeError(
      `createClient: "${unknown}" is not an option. The options are ${OPTIONS.join(", ")}.`,
    );
  const { url, retries = 0 } = options;
  if (typeof url !== "string" || !/^https?:\/\/[^/?#]/i.test(url) || /[?#]/.test(url))
    throw new TypeError(
      `createClient: url must be the address of a server such as "http://127.0.0.1:4400"; got ${JSON.stringify(url)}.`,
    );
  if (!Number.isInteger(retries) || retries < 0)
    throw new TypeError(`createClient: retries must be a whole number from 0; got ${String(retries)}.`);
}
