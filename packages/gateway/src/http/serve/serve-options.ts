import { isIPv4 } from "node:net";
import { GatewayError } from "../../errors.ts";
import { checkHttpOptions, type HttpOptions } from "../app/http-options.ts";

/** Options of `serve`. All are optional; other names are refused. */
export interface ServeOptions extends HttpOptions {
  /** The port, 0 to 65,535. Default: 0, any free port; `url` says which. */
  readonly port?: number;
  /**
   * The address to listen on. Default: `127.0.0.1`, so that only this machine is served. Any other needs a `token`, or one of
   * `gateway.tokens.create`, and the name that callers use in `hosts`; put a proxy with TLS in front.
   */
  readonly host?: string;
  /**
   * `none` serves everybody on this machine without a token, with all scopes. It is refused elsewhere, and logged as a warning. Default:
   * `token`.
   */
  readonly auth?: "token" | "none";
  /** Connections at the same time, 1 to 65,535. More are closed at once. Default: 256. Each stream of events keeps one. */
  readonly maxConnections?: number;
  /** How long a client may take to send the headers of a request, in milliseconds. Default: 10,000. Then it gets 408. */
  readonly headersTimeoutMs?: number;
  /** How long it may take to send a whole request, in milliseconds. Default: 30,000. Raise it for large bodies over slow lines. */
  readonly requestTimeoutMs?: number;
  /** How long `stop()` waits for requests that are being answered, in milliseconds. Default: 8,000. */
  readonly graceMs?: number;
}

const OWN: Readonly<Record<Exclude<keyof ServeOptions, keyof HttpOptions>, true>> = {
  port: true,
  host: true,
  auth: true,
  maxConnections: true,
  headersTimeoutMs: true,
  requestTimeoutMs: true,
  graceMs: true,
};

const MOST_PORTS = 65_535;
// Node's timers fire at once beyond it.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
// Of 32 random characters, far more are distinct; of a typed one, such as "changeme" four times, fewer.
const LEAST_DISTINCT = 10;

/** Refuses options that do not exist or make no sense. */
export function checkServeOptions(options: ServeOptions): void {
  checkHttpOptions("serve", options, Object.keys(OWN));
  const { port, host, auth, maxConnections, headersTimeoutMs, requestTimeoutMs, graceMs } = options;
  checkWhole("port", port, 0, MOST_PORTS);
  checkWhole("maxConnections", maxConnections, 1, MOST_PORTS);
  checkWhole("headersTimeoutMs", headersTimeoutMs, 1, LONGEST_TIMER_MS);
  checkWhole("requestTimeoutMs", requestTimeoutMs, 1, LONGEST_TIMER_MS);
  checkWhole("graceMs", graceMs, 0, LONGEST_TIMER_MS);
  if (host !== undefined && (typeof host !== "string" || host === ""))
    throw new TypeError('serve: host must be an address such as "127.0.0.1" or "0.0.0.0".');
  if (auth !== undefined && auth !== "token" && auth !== "none")
    throw new TypeError(`serve: auth must be "token" or "none"; got ${JSON.stringify(auth)}.`);
}

/**
 * Refuses to listen where others can connect without a token that cannot be guessed. `auth: "none"` is refused there whatever else is
 * configured.
 */
export function checkExposure(
  host: string,
  { auth, token, hasTokens }: Pick<ServeOptions, "auth" | "token"> & { readonly hasTokens: boolean },
): void {
  if (isLoopback(host)) return;
  if (auth === "none")
    throw new TypeError(
      `serve: auth "none" is possible on this machine only, and "${host}" is open to others. Leave auth out, or listen on 127.0.0.1.`,
    );
  if (token !== undefined && new Set(token).size >= LEAST_DISTINCT) return;
  if (token === undefined && hasTokens) return;
  const why = token === undefined ? "there is no token" : "the token is easy to guess";
  throw new GatewayError(
    "ATLAS_HTTP_TOKEN_REQUIRED",
    { host },
    `serve does not listen on "${host}", since ${why}. Pass 32 or more random characters as \`token\`, make one with gateway.tokens.create, or listen on 127.0.0.1.`,
  );
}

/** Tells whether only this machine can connect to an address. Names are not: what they stand for can change. */
function isLoopback(host: string): boolean {
  return host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function checkWhole(name: string, value: unknown, least: number, most: number): void {
  if (value === undefined) return;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return;
  throw new TypeError(
    `serve: ${name} must be a whole number from ${least} to ${most}; got ${String(value)}.`,
  );
}
