import { checkOptions } from "@atlas/core/internal";
import { checkHosts } from "../guard/check-host.ts";
import { checkOrigins } from "../guard/check-origin.ts";

/** Options of `createHttp`. All are optional; other names are refused. */
export interface HttpOptions {
  /**
   * A token with all scopes, of at least 32 characters, such as `process.env.ATLAS_TOKEN`. Default: none; only tokens of
   * `gateway.tokens.create` are valid then.
   */
  readonly token?: string | undefined;
  /**
   * The hosts that the server answers for, as browsers send them: `atlas.example.com`, `192.168.1.5:4400`. Others get 421, which stops DNS
   * rebinding. Default: `127.0.0.1`, `localhost` and `[::1]`, with any port where it is mounted, and with its own port in `serve`.
   */
  readonly hosts?: readonly string[];
  /**
   * The origins of pages elsewhere that may ask, such as `https://app.example.com`. They still need a token. Default: none; only pages of the
   * server itself may ask.
   */
  readonly origins?: readonly string[];
  /** Where the routes begin, such as `/atlas`. Default: at the root. */
  readonly basePath?: string;
  /** The largest body, in bytes, 1 to 16,777,216. Default: 1,048,576 (1 MiB). A larger value lets callers use more memory. */
  readonly maxBodyBytes?: number;
  /** How many requests a token may send in 10 seconds before it gets 429, or `Infinity`. Default: 60. Raise it for programs that create many jobs. */
  readonly maxRequestsPer10s?: number;
  /** How many streams of events may be open, 1 to 100,000. Default: 1,024. Each may hold 1 MiB for a slow client. */
  readonly maxStreams?: number;
}

/** The options of `createHttp`; a record, so that a missing name is an error of types. */
const HTTP_OPTIONS: Readonly<Record<keyof HttpOptions, true>> = {
  token: true,
  hosts: true,
  origins: true,
  basePath: true,
  maxBodyBytes: true,
  maxRequestsPer10s: true,
  maxStreams: true,
};

/** The shortest static token. */
const LEAST_TOKEN_CHARACTERS = 32;
const MOST_BODY_BYTES = 16 * 1024 * 1024;
const MOST_STREAMS = 100_000;
const BASE_PATH = /^(?:\/[\w.~-]+)+$/;
const VISIBLE = /^[\x21-\x7e]+$/;

/** Refuses options that do not exist or make no sense. */
export function checkHttpOptions(what: string, options: HttpOptions, others: readonly string[] = []): void {
  checkOptions(what, options, [...Object.keys(HTTP_OPTIONS), ...others]);
  const { token, hosts, origins, basePath, maxBodyBytes, maxRequestsPer10s, maxStreams } = options;
  if (token !== undefined && !isStrong(token))
    throw new TypeError(
      `${what}: token must be a text of ${LEAST_TOKEN_CHARACTERS} to 512 visible ASCII characters. Make one from random bytes, such as with openssl rand -base64 32.`,
    );
  if (hosts !== undefined) checkHosts(what, hosts);
  if (origins !== undefined) checkOrigins(what, origins);
  if (basePath !== undefined && !(typeof basePath === "string" && BASE_PATH.test(basePath)))
    throw new TypeError(
      `${what}: basePath must be a path such as "/atlas", without a slash at its end; got ${JSON.stringify(basePath)}.`,
    );
  if (maxBodyBytes !== undefined && !isWhole(maxBodyBytes, MOST_BODY_BYTES))
    throw new TypeError(
      `${what}: maxBodyBytes must be a whole number from 1 to ${MOST_BODY_BYTES}; got ${String(maxBodyBytes)}.`,
    );
  if (
    maxRequestsPer10s !== undefined &&
    maxRequestsPer10s !== Number.POSITIVE_INFINITY &&
    !isWhole(maxRequestsPer10s, Number.MAX_SAFE_INTEGER)
  )
    throw new TypeError(
      `${what}: maxRequestsPer10s must be a whole number from 1, or Infinity; got ${String(maxRequestsPer10s)}.`,
    );
  if (maxStreams !== undefined && !isWhole(maxStreams, MOST_STREAMS))
    throw new TypeError(
      `${what}: maxStreams must be a whole number from 1 to ${MOST_STREAMS}; got ${String(maxStreams)}.`,
    );
}

function isStrong(token: unknown): boolean {
  return (
    typeof token === "string" &&
    token.length >= LEAST_TOKEN_CHARACTERS &&
    token.length <= 512 &&
    VISIBLE.test(token)
  );
}

function isWhole(value: unknown, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;
}
