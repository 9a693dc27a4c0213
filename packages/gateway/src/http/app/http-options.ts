import { checkOptions } from "@atlas/core/internal";

/** Options of `createHttp`. All are optional; other names are refused. */
export interface HttpOptions {
  /** A token with all scopes, of at least 32 characters, such as `process.env.ATLAS_TOKEN`. Default: none. */
  readonly token?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof HttpOptions, true>> = { token: true };
const LEAST_CHARACTERS = 32;

/** Refuses options that do not exist or make no sense. */
export function checkHttpOptions(options: HttpOptions): void {
  checkOptions("createHttp", options, Object.keys(OPTIONS));
  const { token } = options;
  if (token !== undefined && !(typeof token === "string" && token.length >= LEAST_CHARACTERS))
    throw new TypeError(
      `createHttp: token must be a text of at least ${LEAST_CHARACTERS} characters. Make one with gateway.tokens.create, or from random bytes.`,
    );
}
